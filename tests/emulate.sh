#!/usr/bin/env bash
# Runs the tests on a CPU or a system that is not this one, by emulation; exits with 77 where the tools for it are missing.
# Usage: emulate.sh x86 BUILD MODEL EXPECTED_ISA, the same with `first` for the choice and the selftest alone,
#        emulate.sh aarch64 SOURCE
#        emulate.sh selftest SOURCE CPU TRIPLET    the selftest and saved states on a CPU that has no kernel but scalar
#        emulate.sh windows SOURCE                 the selftest, compiled by MinGW, on this CPU under Wine
set -euo pipefail
export OMP_NUM_THREADS=8
corpus=$(cd "$(dirname "$0")" && pwd)/fuzz/corpus

need() {
  command -v "$1" >/dev/null || { echo "not run: $1 is not installed (Debian: $2)"; exit 77; }
}

# EMULATOR... BUILD EXPECTED_ISA
run_all() {
  local expected=${*: -1} build=${*: -2:1}
  local emulator=("${@:1:$#-2}")
  export GLISSADE_EMULATED=1
  EXPECTED_ISA=$expected "${emulator[@]}" "$build/tests/glissade_tests" '[.first]'
  "${emulator[@]}" "$build/glissade_selftest"
  "${emulator[@]}" "$build/tests/glissade_words"
  # Without those, too, that CMakeLists.txt leaves out of a cross build.
  "${emulator[@]}" "$build/tests/glissade_tests" '~[.]~[model]~[state]~[pages]~[face]'
  # Nor a fork beside a running thread, which QEMU 7.2 does not survive.
  "${emulator[@]}" "$build/tests/glissade_concurrency" '~[.]~[beside]'
  for target in optimizers state; do
    "${emulator[@]}" "$build/tests/fuzz/fuzz_$target" "$corpus/$target"
  done
}

# Of AVX2, which all tests run wherever the CPU has it, the choice alone is new. QEMU 7.2 also reads all of what a masked
# load leaves out, so tests at the ends of pages would fail.
if [ "$1" = first ]; then
  need qemu-x86_64 qemu-user
  EXPECTED_ISA=$4 qemu-x86_64 -cpu "$3" "$2/tests/glissade_tests" '[.first]'
  exec qemu-x86_64 -cpu "$3" "$2/glissade_selftest"
fi
if [ "$1" = x86 ]; then
  need qemu-x86_64 qemu-user
  run_all qemu-x86_64 -cpu "$3" "$2" "$4"
  exit
fi

if [ "$1" = selftest ]; then
  cpu=$3 triplet=$4
  need "qemu-$cpu" qemu-user
  need "$triplet-g++" "g++-$triplet"
  cmake -S "$2" -B "$2/build/$cpu" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_SYSTEM_NAME=Linux -DGLISSADE_DEVELOPER=ON \
    -DCMAKE_SYSTEM_PROCESSOR="$cpu" -DCMAKE_C_COMPILER="$triplet-gcc" -DCMAKE_CXX_COMPILER="$triplet-g++"
  cmake --build "$2/build/$cpu" --target glissade_selftest glissade_headers
  "qemu-$cpu" -L "/usr/$triplet" "$2/build/$cpu/glissade_selftest"
  exec "qemu-$cpu" -L "/usr/$triplet" "$2/build/$cpu/tests/glissade_headers" '[state]'
fi

if [ "$1" = windows ]; then
  need wine wine
  need x86_64-w64-mingw32-g++-posix g++-mingw-w64-x86-64-posix
  folder=$2/build/windows
  mkdir -p "$folder/xsimd" # alone, since beside it in /usr/include are the headers of this system
  ln -sfn "/usr/include/xsimd" "$folder/xsimd/xsimd"
  cmake -S "$2" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_SYSTEM_NAME=Windows \
    -DCMAKE_SYSTEM_PROCESSOR=x86_64 -DCMAKE_C_COMPILER=x86_64-w64-mingw32-gcc-posix \
    -DCMAKE_CXX_COMPILER=x86_64-w64-mingw32-g++-posix -DGLISSADE_XSIMD_INCLUDE_DIR="$folder/xsimd"
  cmake --build "$folder"
  openmp=$(x86_64-w64-mingw32-g++-posix -print-file-name=libgomp-1.dll)
  export WINEPREFIX=$folder/wine WINEDEBUG=-all WINEPATH="${openmp%/*};/usr/x86_64-w64-mingw32/lib"
  exec wine "$folder/glissade_selftest.exe"
fi

need qemu-aarch64 qemu-user
need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
cd "$2"
cmake --preset aarch64
cmake --build --preset aarch64 --target glissade_tests glissade_concurrency glissade_words glissade_selftest \
  fuzz_optimizers fuzz_state
run_all qemu-aarch64 -L /usr/aarch64-linux-gnu build/aarch64 neon
