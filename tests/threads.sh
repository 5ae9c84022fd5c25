#!/usr/bin/env bash
# Builds programs outside of the project whose threads could wait for ever, crash or end the program, and runs them.
# Usage: threads.sh BUILD (copies|unload|no-room) C_COMPILER
set -euo pipefail
build=$1 way=$2 here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake --install "$build" --prefix "$folder/prefix" >"$folder/log"
read -ra flags < <(PKG_CONFIG_PATH=$(dirname "$(find "$folder/prefix" -name glissade.pc)") pkg-config --cflags --libs glissade)
cc=("$3" -std=c99 -Wall -Wextra -Wpedantic -Werror)

plugin() { # NAME FLAG...
  "${cc[@]}" -shared -fPIC "$here/consumers/plugin.c" "${flags[@]}" -Wl,--exclude-libs,libglissade.a "${@:2}" -o "$folder/$1.so"
}
case $way in
copies)
  plugin first
  plugin second
  "${cc[@]}" -D_GNU_SOURCE "$here/consumers/host.c" -ldl -o "$folder/host"
  timeout 100 "$folder/host" fork "$folder/first.so" "$folder/second.so"
  "$folder/host" isa "$folder/first.so" "$folder/second.so"
  ;;
unload)
  plugin stays -Wl,-z,nodelete
  "${cc[@]}" -D_GNU_SOURCE "$here/consumers/host.c" -ldl -o "$folder/host"
  timeout 100 "$folder/host" unload "$folder/stays.so"
  ;;
no-room)
  "${cc[@]}" "$here/consumers/no_room.c" "${flags[@]}" -ldl -o "$folder/no_room"
  export OMP_NUM_THREADS=8
  expect() { # THREADS COMMAND...: it prints how many threads it has had in the end, and nothing of its own
    local said
    said=$("${@:2}" 2>&1) || said+=" and failed"
    echo "${*:2}: $said, expected $1 threads"
    [[ $said =~ ^$1\ threads,\ -2.026$ ]]
  }
  for threads in 0 8; do
    expect 8 "$folder/no_room" $threads
    for size in 10000g 10000000M 10000000000 "10000000000 k"; do # all near 10 TB
      expect 1 env OMP_STACKSIZE="$size" "$folder/no_room" $threads
    done
    expect '[1-7]' sh -c "ulimit -v 40000; '$folder/no_room' $threads"
    for limit in 1 2 3 5 8 9; do # one is left free
      expect $((limit == 9 ? 8 : limit > 4 ? 4 : limit > 2 ? 2 : 1)) env LIMIT=$limit "$folder/no_room" $threads
    done
  done
  OMP_NUM_THREADS=1 expect 8 "$folder/no_room" 1000
  ;;
esac
