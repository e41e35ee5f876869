#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The layer rule: tests -> drivers -> arch -> lib, boot -> arch and lib. Only boot/kmain.c may call
# all of them. Checked twice: what objects need of each other, and what files include.
# usage: layers.sh BUILD
set -euo pipefail
build=$1
status=0

breach() {
    echo "layer rule: $*" >&2
    status=1
}

# Each layer, and those that it must not call.
objects() { find "$build/$1" -name '*.o' ! -path '*/boot/kmain.o'; }

layers='lib:arch drivers boot tests
arch:drivers boot tests
drivers:boot tests
boot:drivers tests
tests:boot'

while IFS=: read -r layer above; do
    needs=$(objects "$layer" | xargs llvm-nm -u 2>/dev/null | awk 'NF == 2 { print $2 }' | sort -u)
    for higher in $above; do
        offers=$(objects "$higher" | xargs llvm-nm --defined-only -g 2>/dev/null |
            awk 'NF == 3 { print $3 }' | sort -u)
        calls=$(comm -12 <(echo "$needs") <(echo "$offers") | grep -v '^$' || true)
        [ -z "$calls" ] || breach "$layer/ calls $higher/: ${calls//$'\n'/ }"
    done
done <<<"$layers"

# Inline functions, types and cycles are in no symbol table: what is included, by tests/check/layers.
includes() {
    find lib arch drivers boot tests -name '*.[chS]' -print0 |
        xargs -0 grep -H '^#include "[^"]*/[^"]*"' | sed 's/:#include "/ /; s/"$//'
}

includes | awk -v table=tests/check/layers '
    function fail(text) { print "layer rule: " text > "/dev/stderr"; failed = 1 }
    # Whether the path is the name or in the directory of that name.
    function is_in(path, name,  pattern) {
        pattern = name
        gsub(/\./, "\\.", pattern)
        gsub(/\*/, "[^/]*", pattern)
        return path ~ "^" pattern "($|/)"
    }
    # The longest line that the path is in.
    function line_of(path,  name, found) {
        for (name in may)
            if (is_in(path, name) && length(name) > length(found)) found = name
        return found
    }
    function is_above(name,  known) {
        for (known in may)
            if (is_in(name, known) || is_in(known, name)) return 1
        return 0
    }
    BEGIN {
        while ((getline line < table) > 0) {
            sub(/#.*/, "", line)
            count = split(line, words)
            if (words[1] == "except") {
                except[words[2] " " words[3]] = 1
                continue
            }
            for (i = 2; i <= count; i++)
                if (!is_above(words[i]))
                    fail(table ": " words[1] " names " words[i] ", expected only lines above it")
            if (!count) continue
            may[words[1]] = ""
            for (i = 2; i <= count; i++) may[words[1]] = may[words[1]] " " words[i]
        }
    }
    {
        own = line_of($1)
        if (own == "") { fail($1 " is in no directory of " table); next }
        good = is_in($2, own) && line_of($2) == own
        count = split(may[own], names)
        for (i = 1; i <= count; i++) good = good || is_in($2, names[i])
        if (!good) {
            key = own " " line_of($2)
            if (key in except) used[key] = 1
            else fail($1 " includes " $2 ", expected only of " own may[own])
        }
    }
    END {
        for (key in except)
            if (!(key in used)) fail(table ": except " key ": nothing includes that, remove the line")
        exit failed
    }' || status=1
exit $status
