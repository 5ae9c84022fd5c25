#!/usr/bin/env bash
# Runs the tests on a CPU that is not this one, by emulation; exits with 77 where the tools for it are missing.
# Usage: emulate.sh x86 PROGRAM MODEL EXPECTED_ISA, or emulate.sh aarch64 SOURCE
set -euo pipefail

need() {
  command -v "$1" >/dev/null || { echo "not run: $1 is not installed (Debian: $2)"; exit 77; }
}

if [ "$1" = x86 ]; then
  need qemu-x86_64 qemu-user
  EXPECTED_ISA=$4 qemu-x86_64 -cpu "$3" "$2" '[.first]'
  exec qemu-x86_64 -cpu "$3" "$2"
fi

need qemu-aarch64 qemu-user
need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
cd "$2"
cmake --preset aarch64
cmake --build --preset aarch64 --target glissade_tests
program="qemu-aarch64 -L /usr/aarch64-linux-gnu build/aarch64/tests/glissade_tests"
EXPECTED_ISA=neon $program '[.first]'
exec $program
