#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The layer rule: tests -> drivers -> arch -> lib, boot -> arch and lib. Only boot/kmain.c, and the
# hand-over from each boot protocol to it, may call any room.
# usage: layers.sh BUILD
set -euo pipefail
build=$1

objects() { find "$build/$1" -name '*.o' ! -path '*/boot/kmain.o'; }

# Each room, and the rooms that it must not call.
rules='lib:arch drivers boot tests
arch:drivers boot tests
drivers:boot tests
boot:drivers tests
tests:boot'

status=0
while IFS=: read -r room above; do
    needs=$(objects "$room" | xargs llvm-nm -u 2>/dev/null | awk 'NF == 2 { print $2 }' | sort -u)
    for higher in $above; do
        offers=$(objects "$higher" | xargs llvm-nm --defined-only -g 2>/dev/null |
            awk 'NF == 3 { print $3 }' | sort -u)
        breach=$(comm -12 <(echo "$needs") <(echo "$offers") | grep -v '^$' || true)
        [ -z "$breach" ] && continue
        echo "layer rule: $room/ calls $higher/: ${breach//$'\n'/ }" >&2
        status=1
    done
done <<<"$rules"
exit $status
