#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every source file names its licence in its first two lines.
missing=$(find boot arch drivers lib tests linker Makefile run.sh .ci .gitignore .clang-format .editorconfig -type f \
    \( -name '*.[chS]' -o -name '*.sh' -o -name '*.py' -o -name '*.def' -o -name '*.dts' -o -name '*.asl' \
    -o -name '*.sed' -o -name Makefile -o -name '.*' -o -path .ci/run -o -path tests/check/layers -o -name '*.toml' \) |
    while read -r file; do
        head -n 2 "$file" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || echo "$file"
    done)
[ -z "$missing" ] && exit 0
echo "no SPDX line in: $missing" >&2
exit 1
