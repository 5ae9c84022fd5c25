#!/usr/bin/env bash
# Builds programs outside of the project against the library, and compares what they print.
# Usage: consumers.sh BUILD WAY C_COMPILER CXX_COMPILER; the ways are the cases below.
set -euo pipefail
build=$1 way=$2
export CC=$3 CXX=$4
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

quietly() { # COMMAND...
  "$@" >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
}
install_from() { quietly cmake --install "$1" --prefix "$folder/prefix"; } # BUILD
project() { # NAME OPTION..., in $folder/NAME
  quietly cmake -S "$here/consumers/$1" -B "$folder/$1" -DCMAKE_PREFIX_PATH="$folder/prefix" "${@:2}"
  quietly cmake --build "$folder/$1"
}
refused() { # TEXT COMMAND...
  "${@:2}" >"$folder/log" 2>&1 && { echo "not refused: $1"; exit 1; }
  tr -s ' \n' ' ' <"$folder/log" | grep -qF "$1" || { cat "$folder/log"; exit 1; }
}
prints() { # TEXT COMMAND...
  local printed
  printed=$("${@:2}")
  echo "$way: printed $printed, expected $1"
  [ "$printed" = "$1" ]
}
pc() { PKG_CONFIG_PATH=$(dirname "$(find "$folder/prefix" -name glissade.pc)") pkg-config "$@" glissade; }
flags() { pc --cflags --libs; }
with_pkg_config() {
  # shellcheck disable=SC2046
  "$CC" -std=c99 -Wall -Wextra -Wpedantic -Werror "$here/consumers/main.c" $(flags) "$@" -o "$folder/consumer"
}

case $way in
pkg-config)
  install_from "$build"
  "$folder/prefix/bin/glissade_selftest"
  with_pkg_config
  prints 0.875 "$folder/consumer"
  for file in LICENSE THIRD_PARTY_NOTICES README.md docs/numerics.md; do
    [ -s "$folder/prefix/share/doc/glissade/$file" ] || { echo "not installed: $file"; exit 1; }
  done
  # The folder of libraries is for the builder to choose: in the prefix, which may move, or elsewhere.
  places() { # LIBDIR
    quietly cmake -S "$here/.." -B "$folder/other" -DCMAKE_INSTALL_PREFIX=/first "-DCMAKE_INSTALL_LIBDIR:STRING=$1"
    install -D "$folder/other/cmake/glissade.pc" -t "$folder/moved/lib/deep/pkgconfig"
    for name in libdir includedir; do
      realpath -m "$(PKG_CONFIG_PATH="$folder/moved/lib/deep/pkgconfig" pkg-config --variable=$name glissade)"
    done | xargs
  }
  prints "$folder/moved/lib/deep $folder/moved/include" places lib/deep
  prints "/elsewhere /first/include" places /elsewhere
  ;;
c | cxx)
  install_from "$build"
  project "$way" -DCMAKE_BUILD_TYPE=Release -DWANTED="$(pc --modversion)"
  prints 0.875 "$folder/$way/consumer"
  refused "compatible with requested version" cmake "$folder/$way" -DWANTED=0.0
  ;;
subdirectory)
  project subdirectory -DCMAKE_BUILD_TYPE=Release
  prints 0.875 "$folder/subdirectory/consumer"
  [ ! -e "$folder/subdirectory/glissade/glissade_selftest" ] || { echo "builds what was not asked for"; exit 1; }
  ;;
shared)
  quietly cmake -S "$here/.." -B "$folder/build" -G Ninja -DBUILD_SHARED_LIBS=ON \
    -DCMAKE_SHARED_LINKER_FLAGS=-Wl,--no-as-needed
  quietly cmake --build "$folder/build"
  install_from "$folder/build"
  "$folder/prefix/bin/glissade_selftest"
  library=$(find "$folder/prefix" -name 'libglissade.so')
  others=$(nm -D --defined-only "$library" | awk '$NF !~ /^glissade_/')
  [ -z "$others" ] || { echo "exported beside glissade_*: $others"; exit 1; }
  readelf -d "$library" | grep -q 'SONAME.*\[libglissade\.so\.[0-9]*\.[0-9]*\]' || { echo "no SONAME"; exit 1; }
  ! readelf -d "$library" | grep 'NEEDED.*libstdc++' || { echo "a C library should not need that of C++"; exit 1; }
  readelf -d "$library" | grep -Eq 'NEEDED.*lib[gi]?omp' || { echo "no OpenMP by default"; exit 1; }
  grep -q -- -DNDEBUG "$folder/build/build.ninja" || { echo "not optimised by default"; exit 1; }
  with_pkg_config "-Wl,-rpath,$(dirname "$library")"
  prints 0.875 "$folder/consumer"
  project c -DCMAKE_BUILD_TYPE=Release -DCMAKE_DISABLE_FIND_PACKAGE_OpenMP=ON # the library brings its own
  prints 0.875 "$folder/c/consumer"
  "$CC" -std=c99 -I "$folder/prefix/include" "$here/consumers/unloaded.c" -ldl -o "$folder/unloaded"
  prints 0.875 env OMP_NUM_THREADS=4 "$folder/unloaded" "$library"
  prints 0.875 python3 "$here/consumers/main.py" "$library"
  ;;
small)
  # A program of one optimizer, beside the same with the whole library.
  small() { cmake -S "$here/.." -B "$folder/small" -G Ninja "-DGLISSADE_OPTIMIZERS=$1"; } # LIST
  refused "GLISSADE_OPTIMIZERS has sgdw" small "rmsprop;sgdw"
  bytes() { stat -c %s "$folder/consumer"; }
  install_from "$build"
  with_pkg_config -s
  whole=$(bytes)
  quietly small rmsprop
  quietly cmake --build "$folder/small"
  install_from "$folder/small"
  with_pkg_config -s
  prints 0.875 "$folder/consumer"
  echo "$(bytes) bytes of $whole"
  [ $((3 * $(bytes))) -lt $((2 * whole)) ]
  ;;
fast-math)
  # In neither build type is the library optimised; the program's functions of <cmath> must not become its own.
  for type in Debug ""; do
    project fast-math -DCMAKE_BUILD_TYPE="$type" -DGLISSADE_ISAS="${type:+scalar}"
    ! grep -q -- -DNDEBUG "$folder/fast-math/glissade/CMakeFiles/glissade.dir/flags.make" || { echo "optimised"; exit 1; }
    prints "not finite, 1" "$folder/fast-math/consumer"
    "$here/objects.sh" "$folder/fast-math/glissade/kernels/isas.inc" "$CXX" \
      $(find "$folder/fast-math/glissade" -path '*/glissade.dir/*.o')
  done
  ;;
xsimd)
  # The one of the surrounding project is used; one that is too old is refused, as is an unknown instruction set. Without
  # one the user is told how to get it.
  mkdir -p "$folder/newer/include" "$folder/older/include/xsimd/config"
  echo 'project(xsimd LANGUAGES NONE)' | tee "$folder/newer/CMakeLists.txt" >"$folder/older/CMakeLists.txt"
  own=$(sed -n 's/^GLISSADE_XSIMD_INCLUDE_DIR:PATH=//p' "$build/CMakeCache.txt")
  ln -s "$own/xsimd" "$folder/newer/include/xsimd"
  touch "$folder/older/include/xsimd/xsimd.hpp"
  printf '#define XSIMD_VERSION_MAJOR 7\n#define XSIMD_VERSION_MINOR 6\n' \
    >"$folder/older/include/xsimd/config/xsimd_config.hpp"
  configure() { cmake -S "$here/consumers/xsimd" -B "$folder/$1" -DXSIMD="$folder/$1" "${@:2}"; } # newer|older OPTION...
  quietly configure newer
  grep -q "^GLISSADE_XSIMD_INCLUDE_DIR:.*=$folder/newer/include" "$folder/newer/CMakeCache.txt"
  quietly cmake -S "$here/.." -B "$folder/found" -Dxsimd_INCLUDE_DIRS="$folder/newer/include" # by find_package
  grep -q "^GLISSADE_XSIMD_INCLUDE_DIR:.*=$folder/newer/include" "$folder/found/CMakeCache.txt"
  refused "needs xsimd (Debian: libxsimd-dev); set GLISSADE_XSIMD_INCLUDE_DIR" \
    cmake -S "$here/.." -B "$folder/none" "-DCMAKE_IGNORE_PATH=$own"
  refused "needs xsimd 8.1 or newer; $folder/older/include has 7.6" configure older
  refused "GLISSADE_ISAS has sse9" configure newer "-DGLISSADE_ISAS=scalar;sse9"
  quietly configure newer -DGLISSADE_ISAS=scalar
  [ "$(grep '^GLISSADE_ISA' "$folder/newer/glissade/kernels/isas.inc")" = "GLISSADE_ISA(scalar, )" ]
  ;;
pages)
  # The pieces of C++ on the pages, each in a function of its own that must move a parameter.
  {
    cat <<'EOF'
#include <algorithm>
#include <cstdio>
#include <sstream>
#include <vector>
#include <glissade/model.hpp>
constexpr std::size_t n = 3;
std::vector<float> param(n), grad(n, 1.f), weights(n), weights_grad(n, 1.f), biases(n), biases_grad(n, 1.f), exp_avg(n),
    exp_avg_sq(n);
std::vector<std::uint16_t> bf16_weights(n), bf16_grad(n, 0x3f80);
std::stringstream file;
int moved = 0;
struct piece {
  ~piece() {
    moved += param[0] + weights[0] < 0 || bf16_weights[0] >> 15;
    param.assign(n, 0);
    weights.assign(n, 0);
    bf16_weights.assign(n, 0);
  }
};
EOF
    awk '/^```cpp$/ { on = 1; print "void piece" ++n "() { const piece here;"; next }
         /^```$/ { if (on) print "}"; on = 0 }
         on && !/^#include/
         END { print "int main() {"; for (i = 1; i <= n; ++i) print "piece" i "();"; print "std::printf(\"%d\", moved); }" }' \
      "$here/../README.md" "$here"/../docs/*.md
  } >"$folder/main.cpp"
  install_from "$build"
  # shellcheck disable=SC2046
  "$CXX" -std=c++20 -Wall -Wextra -Werror -Wno-unused-but-set-variable "$folder/main.cpp" $(flags) -o "$folder/consumer"
  prints 7 "$folder/consumer"
  ;;
c++17)
  for header in glissade model; do
    echo "#include <glissade/$header.hpp>" >"$folder/main.cpp"
    refused "needs C++20" "$CXX" -std=c++17 -fsyntax-only -I "$here/../include" "$folder/main.cpp"
    [ "$(grep -c 'error: ' "$folder/log")" = 1 ] || { cat "$folder/log"; exit 1; }
  done
  ;;
esac
