#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Builds the guest, boots it and judges what it says: ./run.sh -h. All of it is in tests/harness, in Python;
# Debian's own where there is one, whatever else is called python3 in PATH.
set -euo pipefail
home=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
python=/usr/bin/python3
[ -x $python ] || python=$(command -v python3) || "$home/tests/harness/need.sh" packages_build
# Whatever PYTHON* variables are for, it is not for us.
exec "${python:-python3}" -E -s -B "$home/tests/harness/main.py" "$@"
