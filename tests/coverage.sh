#!/usr/bin/env bash
# Prints the lines and branches of src/ and kernels/ that the tests of the preset coverage reached; fails if a line of
# src/ was missed.
set -euo pipefail
cd "$(dirname "$0")/.."
# A template is reached if one of its instances is; a branch to an exception, which no call here throws, is none.
report() { gcovr --root . --exclude-throw-branches --exclude-unreachable-branches "$@" build/coverage; }

report --filter src/ --filter kernels/
report --filter src/ --filter kernels/ --branches
report --filter src/ --fail-under-line 100 --print-summary --output build/coverage/src.txt
