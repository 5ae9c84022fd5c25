#!/usr/bin/env bash
# Builds a fuzz target with Clang and runs it from the committed corpus; exits with 77 where libFuzzer is missing.
# Usage: run.sh TARGET [OPTION OF LIBFUZZER...] [FOLDER FOR NEW INPUTS]; findings go to build/fuzz/found/
set -euo pipefail
target=$1
shift
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."

missing() { echo "not run: $1 is not installed (Debian: $2)"; exit 77; }
command -v clang++ >/dev/null || missing clang++ "clang libclang-rt-dev libomp-dev"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
links() { echo "$1" | clang++ -x c++ - -o "$scratch/probe" "${@:2}" 2>/dev/null; }
links 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char *, unsigned long) { return 0; }' \
  -fsanitize=fuzzer,address,undefined || missing libFuzzer libclang-rt-dev
links 'int main() {}' -fopenmp || missing "the OpenMP of Clang" libomp-dev

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "fuzz_$target" >"$scratch/log" || { cat "$scratch/log"; exit 1; }
mkdir -p build/fuzz/found "$scratch/new"
# Waiting workers sleep: a fuzzer runs beside other work. How often a loop goes round is no news: no counters.
OMP_WAIT_POLICY=passive "build/fuzz/tests/fuzz/fuzz_$target" -max_len=160 -len_control=0 -use_counters=0 -timeout=60 \
  -print_funcs=0 -print_final_stats=1 -artifact_prefix=build/fuzz/found/ "$@" "$scratch/new" "$here/corpus/$target"
