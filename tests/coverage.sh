#!/usr/bin/env bash
# Prints the lines and branches of src/ and kernels/ that the tests of the preset coverage reached; fails if of
# src/ another line was missed than the five that README.md explains.
set -euo pipefail
cd "$(dirname "$0")/.."
# A template is reached if one of its instances is; a branch to an exception, which no call here throws, is none.
report() { gcovr --root . --exclude-throw-branches --exclude-unreachable-branches build/coverage "$@"; }

report --filter src/ --filter kernels/
report --filter src/ --filter kernels/ --branches
# README.md says why these are missed.
explained='src/check.hpp: case range::flag:
src/check.hpp: break;
src/check.hpp: return false;
src/parallel.cpp: void in_child() {
src/parallel.cpp: if (of_this_thread == team::kept) of_this_thread = team::lost;'
missed=$(report --filter src/ --json - | python3 -c '
import json, sys
for file in json.load(sys.stdin)["files"]:
    text = open(file["file"]).read().splitlines()
    for line in file["lines"]:
        if line["count"] == 0 and not line.get("gcovr/noncode"):
            print(file["file"] + ": " + text[line["line_number"] - 1].strip())')
if others=$(grep -vxF "$explained" <<<"$missed"); then
  echo "the tests miss lines of src/ that tests/README.md does not explain:"
  echo "$others"
  exit 1
fi
