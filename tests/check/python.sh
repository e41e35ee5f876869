#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Types, unused and unknown names, and layout of all Python of the project; types strictly, and functions that are too
# long, of what is no test.
set -e
sources=$(find boot tests -name '*.py')
judged=$(find boot tests -name '*.py' ! -path 'tests/selftest/*')
export MYPYPATH=tests/harness:tests/nested:tests/selftest:tests/refdev/mutants
mkdir -p build
# shellcheck disable=SC2086
mypy --strict --no-warn-unused-ignores --cache-dir build/mypy --no-error-summary $judged
# shellcheck disable=SC2086
mypy --check-untyped-defs --cache-dir build/mypy-tests --no-error-summary $sources
# shellcheck disable=SC2086
pyflakes3 $sources
# shellcheck disable=SC2086
pycodestyle --max-line-length=120 --ignore=E203,E402,E731,W503 $sources
# shellcheck disable=SC2086
python3 -B tests/check/functions.py 40 $judged
