#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/unit/coverage.sh PERCENT 'UNIT...' FILE...: runs the units, which were built to count, and says
# in KTAP which part of the lines of each file they ran; not more than PERCENT of one fails. The lines
# that none ran are named.
set -euo pipefail

minimum=$1
read -ra units <<<"$2"
shift 2

profiles=build/coverage/profiles
rm -rf "$profiles" && mkdir -p "$profiles"
for unit in "${units[@]}"; do
    # Whether they pass is what `make unit` reports.
    LLVM_PROFILE_FILE=$profiles/${unit##*/}.raw "$unit" >"$unit.log" 2>&1 || true
done
llvm-profdata merge -sparse "$profiles"/*.raw -o "$profiles/all"
objects=("${units[@]:1}")
llvm-cov export -format=lcov -instr-profile="$profiles/all" "${units[0]}" \
    "${objects[@]/#/-object=}" "$@" >"$profiles/lcov" 2>"$profiles/log" ||
    { cat "$profiles/log" >&2 && exit 1; }

# lcov: SF:file, DA:line,count for each line, end_of_record.
awk -v minimum="$minimum" -v here="$PWD/" -v files=$# '
    BEGIN { print "KTAP version 1\n1.." files }
    /^SF:/ { file = substr($0, 4); sub(here, "", file); lines = ran = 0; missed = "" }
    /^DA:/ {
        split(substr($0, 4), line, ",")
        lines++
        if (line[2] > 0) ran++
        else missed = missed " " line[1]
    }
    /^end_of_record/ {
        good = lines > 0 && 100 * ran > minimum * lines
        failed += !good
        name = file
        gsub("/", ".", name)
        sub(/\.c$/, "", name)
        printf "%s %d coverage.%s\n", good ? "ok" : "not ok", ++number, name
        printf "# %s: %.1f %% of %d lines%s\n", file, lines ? 100 * ran / lines : 0, lines,
            missed ? ", not" missed : ""
    }
    END {
        if (number != files) print "# no unit links " files - number " of the files"
        exit failed > 0 || number != files
    }
' "$profiles/lcov"
