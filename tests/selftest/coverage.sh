#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The tests of the harness that need no VM, and their line coverage of it: less than 90 % fails. One KTAP report
# after the other, then the table of lines as diagnostics.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
minimum=90
place=$PWD/build/coverage-harness
rm -rf "$place" && mkdir -p "$place"
cat >"$place/config" <<CONFIG
[run]
data_file = $place/data
parallel = True
source = $PWD/tests/harness
disable_warnings = no-data-collected
[report]
omit = */steps.py
CONFIG
coverage=(/usr/bin/python3 -B -m coverage)
# What run.sh starts, measured by coverage.
export RUN_SH="${coverage[*]} run --rcfile=$place/config $PWD/tests/harness/main.py"
status=0
run() { # NAME...: one after the other
    local name worst=0
    for name in "$@"; do
        "${coverage[@]}" run --rcfile="$place/config" "tests/selftest/test_$name.py" || worst=1
    done
    return $worst
}
# Those that mostly wait do so side by side.
declare -A pids=()
for name in harness attacks hostile unlucky tolerance; do
    run $name >"$place/$name" 2>&1 &
    pids[$name]=$!
done
run protocol expect machines units adapters devicetree vmm_command carrier isolation || status=1
for name in "${!pids[@]}"; do
    wait "${pids[$name]}" || status=1
    cat "$place/$name"
done
"${coverage[@]}" combine -q --rcfile="$place/config" >/dev/null
"${coverage[@]}" report --rcfile="$place/config" --fail-under=$minimum | sed 's/^/# /' || status=1
exit $status
