#!/usr/bin/env bash
# Builds a program outside of the project against the library, runs it, and compares what it prints.
# Usage: consumers.sh BUILD (pkg-config|c|cxx|subdirectory) C_COMPILER CXX_COMPILER
set -euo pipefail
build=$1 way=$2
export CC=$3 CXX=$4
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

[ "$way" = subdirectory ] || cmake --install "$build" --prefix "$folder/prefix" >"$folder/log"
if [ "$way" = pkg-config ]; then
  "$folder/prefix/bin/glissade_selftest"
  file=$(find "$folder/prefix" -name glissade.pc)
  flags=$(PKG_CONFIG_PATH=$(dirname "$file") pkg-config --cflags --libs glissade)
  # shellcheck disable=SC2086
  "$CC" -std=c99 -Wall -Wextra -Wpedantic -Werror "$here/consumers/main.c" $flags -o "$folder/consumer"
else
  { cmake -S "$here/consumers/$way" -B "$folder" -DCMAKE_PREFIX_PATH="$folder/prefix" -DCMAKE_BUILD_TYPE=Release &&
    cmake --build "$folder"; } >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
fi
printed=$("$folder/consumer")
echo "$way: printed $printed, expected 0.875"
[ "$printed" = 0.875 ]
