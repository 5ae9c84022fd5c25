#!/usr/bin/env bash
# Proves on the object files that an older CPU never meets an instruction that it lacks.
# Usage: objects.sh ISAS_INC OBJECT...      all objects of the library
#        objects.sh --debug SOURCE CXX      those of a debug build, where a compiler inlines least
#        objects.sh --control CXX           faulty objects, which must be noticed
#
# An inline function that is compiled for a newer instruction set and not inlined is a weak symbol, and the linker may
# keep that copy for everyone. So the object of an instruction set defines its table and nothing else that the linker
# sees, calls nothing but what the compiler itself may insert, and runs nothing when it is loaded. The others, and
# those whose instruction set asks for nothing, hold no instruction that x86-64 has not had from the start: none with a
# VEX or EVEX prefix, which all of AVX, FMA and AVX-512 have.
set -euo pipefail

fail() { echo "$1"; exit 1; }

check_isa_object() { # FILE NAME
  local seen
  seen=$(nm -C "$1" | awk -v table="glissade::$2" '/ [A-TV-Zuvw] / && !($NF == table && $(NF-1) ~ /[DR]/)')
  [ -z "$seen" ] || fail "$1 defines what the linker may share: $seen"
  seen=$(nm "$1" | awk '/ U / && !/ (memcpy|memset|memmove|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail)$/')
  [ -z "$seen" ] || fail "$1 calls outside: $seen"
  seen=$(objdump -h "$1" | awk '/init_array|ctors/')
  [ -z "$seen" ] || fail "$1 runs when it is loaded: $seen"
}

check_baseline_object() { # FILE
  local seen
  seen=$(objdump -d --no-show-raw-insn "$1" | awk -F'\t' '($2 ~ /^v[a-z]/ || /%[yz]mm|%k[0-7]/) && ++n <= 3')
  [ -z "$seen" ] || fail "$1 needs more than the baseline CPU: $seen"
}

if [ "$1" = --control ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  cat >"$folder/shared.cpp" <<'EOF'
inline __attribute__((noinline)) float shared(float x) { return x * x + 1; }
static float use(float x) { return shared(x); }
namespace glissade { extern float (*const avx2)(float) = use; }
EOF
  cat >"$folder/loaded.cpp" <<'EOF'
static int first() { asm volatile(""); return 1; }
static int at_load = first();
namespace glissade { extern const int avx2 = 1; }
EOF
  for name in shared loaded; do "$2" -O2 -mavx2 -mfma -c "$folder/$name.cpp" -o "$folder/$name.o"; done
  expect() { # TEXT COMMAND...
    local text=$1 said
    shift
    said=$("$@") && fail "not noticed: $text"
    [[ $said == *"$text"* ]] || fail "said '$said', not '$text'"
  }
  expect "the linker may share" check_isa_object "$folder/shared.o" avx2
  expect "needs more than the baseline" check_baseline_object "$folder/shared.o"
  expect "runs when it is loaded" check_isa_object "$folder/loaded.o" avx2
  exit 0
fi

if [ "$1" = --debug ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  cmake -S "$2" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER="$3" >"$folder/log"
  cmake --build "$folder" >"$folder/log" || fail "$(cat "$folder/log")"
  "$0" "$folder/kernels/isas.inc" $(find "$folder" -name '*.o')
  exit 0
fi

list=$1
shift
isas=0
others=0
for object in "$@"; do
  name=$(basename "$object")
  name=${name%%.*}
  row=$(grep "^GLISSADE_ISA($name," "$list" || true)
  if [ -n "$row" ]; then
    check_isa_object "$object" "$name"
    isas=$((isas + 1))
  fi
  if [[ $row != *HAS* ]]; then
    [ "$(uname -m)" != x86_64 ] || check_baseline_object "$object"
    others=$((others + 1))
  fi
done
echo "$isas objects of instruction sets share nothing, $others objects need only the baseline CPU"
[ "$isas" = "$(grep -c '^GLISSADE_ISA' "$list")" ] && [ "$others" -ge 4 ]
