#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/unit/fuzz/fuzz.sh SECONDS FUZZER...: runs each so long, as many at once as there are CPUs, and says
# in KTAP what came of it. It begins with seeds.py's inputs, and an input that failed is kept under
# build/fuzz/failed/. Inputs grow up to a MiB, which is more than any table or tree of a machine has; one that takes
# ten seconds, thousands of times as long as others, has failed, too.
set -euo pipefail

# run_one SECONDS NUMBER FUZZER
run_one() {
    local name=${3##*/} log=$3.log status=0 result=ok said words=(-max_len=1048576)
    case $name in
    fdt | *_tree) words+=(-dict=tests/unit/fuzz/tree.dict) ;;
    esac
    mkdir -p "build/fuzz/corpus/$name" build/fuzz/failed
    "$3" -max_total_time="$1" -timeout=10 -print_final_stats=1 -close_fd_mask=1 \
        "${words[@]}" -artifact_prefix="build/fuzz/failed/$name-" "build/fuzz/corpus/$name" \
        "build/fuzz/seeds/$name" >"$log" 2>&1 || status=$?
    if [ "$status" -ne 0 ]; then
        result='not ok'
        sed -n '/^==\|runtime error\|not so:\|SUMMARY\|Test unit written/s/^/# /p' "$log"
    fi
    said=$(awk '/ cov: /{cov = $4} /average_exec_per_sec/{print cov " edges, " $2 " inputs/s"}' "$log")
    echo "$result $2 fuzz.$name"
    echo "# $name: $said"
    return $((status != 0))
}

seconds=$1
shift
python3 -B tests/unit/fuzz/seeds.py build/fuzz/seeds
export -f run_one
printf 'KTAP version 1\n1..%d\n' $#
number=0
for fuzzer; do
    number=$((number + 1))
    printf '%s\0' "$seconds" "$number" "$fuzzer"
done | xargs -0 -n 3 -P "$(nproc)" bash -c 'run_one "$@"' _
