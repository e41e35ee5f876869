#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# usage: need.sh LIST...
# Installs what is missing of the packages in these variables of setup.sh, or says in one line what would.
set -euo pipefail
# shellcheck source=tests/harness/setup.sh
. "${BASH_SOURCE[0]%/*}/setup.sh"
lists=()
for name in "$@"; do
    lists+=("${!name:-}")
done
need "${lists[@]}"
