#!/usr/bin/env bash
# Builds a fuzz target with Clang and runs it from the committed corpus; exits with 77 where libFuzzer is missing.
# Usage: run.sh TARGET [OPTION OF LIBFUZZER...]; findings and new inputs go to build/fuzz/found/TARGET
set -euo pipefail
target=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

missing() { echo "not run: $1 is not installed (Debian: $2)"; exit 77; }
command -v clang++ >/dev/null || missing clang++ "clang libclang-rt-dev libomp-dev"
probe=$(mktemp -d)
trap 'rm -rf "$probe"' EXIT
echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char *, unsigned long) { return 0; }' >"$probe/probe.cpp"
clang++ -fsanitize=fuzzer,address,undefined "$probe/probe.cpp" -o "$probe/probe" 2>"$probe/log" ||
  missing libFuzzer libclang-rt-dev
clang++ -fopenmp "$probe/probe.cpp" -c -o "$probe/probe.o" && echo 'int main() {}' >"$probe/main.cpp" &&
  clang++ -fopenmp "$probe/main.cpp" -o "$probe/main" 2>"$probe/log" || missing "Clang's OpenMP" libomp-dev

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "fuzz_$target" >"$probe/log" || { cat "$probe/log"; exit 1; }
found=build/fuzz/found/$target
mkdir -p "$found"
# Waiting workers sleep: a fuzzer runs beside other work.
export OMP_WAIT_POLICY=passive
build/fuzz/tests/fuzz/fuzz_"$target" -max_len=160 -artifact_prefix="$found/" "$@" "$found/new" "$here/corpus/$target"
