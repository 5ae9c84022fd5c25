#!/usr/bin/env bash
# Builds the tests of threads with ThreadSanitizer and runs them.
set -euo pipefail
cd "$(dirname "$0")/.."
cmake --preset tsan
cmake --build --preset tsan --target glissade_concurrency
for tests in '~[.]' '[.race]'; do
  tests/fixed_addresses.sh build/tsan/tests/glissade_concurrency "$tests"
done
