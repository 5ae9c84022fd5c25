#!/usr/bin/env bash
# Prints the lines and branches of src/ and kernels/ that the tests of the preset coverage reached; fails if more of
# src/ was missed than the five lines that README.md explains.
set -euo pipefail
cd "$(dirname "$0")/.."
# A template is reached if one of its instances is; a branch to an exception, which no call here throws, is none.
report() { gcovr --root . --exclude-throw-branches --exclude-unreachable-branches build/coverage "$@"; }

report --filter src/ --filter kernels/
report --filter src/ --filter kernels/ --branches
missed=$(report --filter src/ --csv - | awk -F, 'NR > 1 { missed += $2 - $3 } END { print missed }')
[ "$missed" -le 5 ] || { echo "the tests miss $missed lines of src/"; exit 1; }
