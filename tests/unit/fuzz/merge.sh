#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/unit/fuzz/merge.sh FUZZER...: makes seeds/FUZZER.tar.xz anew of the inputs that `make fuzz` has collected
# under build/fuzz/corpus/ and of those that are there: few small ones that reach all that was reached.
set -euo pipefail

LARGEST=16384 # bytes of an input that is worth keeping

python3 -B tests/unit/fuzz/seeds.py build/fuzz/seeds
for fuzzer; do
    name=${fuzzer##*/}
    rm -rf "build/fuzz/merge/$name"
    mkdir -p "build/fuzz/merge/$name/in" "build/fuzz/merge/$name/out" "build/fuzz/corpus/$name"
    find "build/fuzz/corpus/$name" "build/fuzz/seeds/$name" -type f -size "-${LARGEST}c" \
        -exec cp --backup=numbered -t "build/fuzz/merge/$name/in" {} +
    "$fuzzer" -set_cover_merge=1 -close_fd_mask=1 "build/fuzz/merge/$name/out" "build/fuzz/merge/$name/in" \
        >"$fuzzer.log" 2>&1
    python3 -B tests/unit/fuzz/seeds.py --pack "$name" "build/fuzz/merge/$name/out"
    find "build/fuzz/merge/$name/out" -type f | wc -l | sed "s/^/$name: inputs kept: /"
done
