#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# tests/unit/iasl.sh SOURCE PREFIX: compiles the ACPI table of SOURCE to PREFIX.aml, and disassembles
# that to PREFIX.dsl. Versions of iasl differ in the labels of fields, and a wrong one keeps some of
# them busy for ever.
set -euo pipefail
source=$1 prefix=$2
labels=${0%/*}/fixtures/tables/later.sed

version=$(iasl -v | sed -n 's/.*version \([0-9]*\).*/\1/p')
rm -f "$prefix.dsl"
if [ "${version:-0}" -gt 20201231 ]; then
    sed -f "$labels" "$source" >"$prefix.later.asl"
    source=$prefix.later.asl
fi
if ! { timeout 20 iasl -p "$prefix" "$source" && timeout 20 iasl -d "$prefix.aml"; } >"$prefix.log" 2>&1; then
    cat "$prefix.log" >&2
    echo "iasl $version does not compile $source" >&2
    exit 1
fi
