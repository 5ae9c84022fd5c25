#!/usr/bin/env bash
# Proves on the object files that an older CPU never meets an instruction that it lacks.
# Usage: objects.sh OBJECT... (all of the library's) or, for the negative control, --control COMPILER
#
# An inline function that is compiled for a newer instruction set and not inlined is a weak symbol, and the linker may
# keep that copy for everyone. So an object of an instruction set defines its table and nothing else that the linker
# sees, and calls nothing but what the compiler itself may insert. The other objects hold no instruction that x86-64
# has not had from the start: none with a VEX or EVEX prefix, which all of AVX, FMA and AVX-512 have.
set -euo pipefail

fail() { echo "$1"; exit 1; }

check_isa_object() { # FILE NAME
  local seen
  seen=$(nm -C "$1" | grep -E ' [A-TV-Zuvw] ' | grep -vE " [DR] glissade::$2$" || true)
  [ -z "$seen" ] || fail "$1 defines what the linker may share: $seen"
  seen=$(nm "$1" | grep ' U ' | grep -vE ' (memcpy|memset|memmove|fmaf|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail)$' || true)
  [ -z "$seen" ] || fail "$1 calls outside: $seen"
}

check_baseline_object() { # FILE
  local seen
  seen=$(objdump -d --no-show-raw-insn "$1" | awk -F'\t' '$2 ~ /^v[a-z]/ || /%[yz]mm|%k[0-7]/' | head -3)
  [ -z "$seen" ] || fail "$1 needs more than the baseline CPU: $seen"
}

if [ "$1" = --control ]; then
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  cat >"$folder/avx2.cpp" <<'EOF'
inline __attribute__((noinline)) float shared(float x) { return x * x + 1; }
float use(float x) { return shared(x); }
EOF
  "$2" -O2 -mavx2 -mfma -c "$folder/avx2.cpp" -o "$folder/avx2.o"
  if (check_isa_object "$folder/avx2.o" avx2); then fail "a weak symbol was not noticed"; fi
  if (check_baseline_object "$folder/avx2.o"); then fail "an AVX instruction was not noticed"; fi
  exit 0
fi

isas=0
others=0
for object in "$@"; do
  name=$(basename "$object")
  name=${name%%.*}
  case $object in
  */kernels/*) check_isa_object "$object" "$name"; isas=$((isas + 1)) ;;
  esac
  case $object in
  */kernels/avx*) ;;
  *) [ "$(uname -m)" != x86_64 ] || check_baseline_object "$object"; others=$((others + 1)) ;;
  esac
done
echo "$isas objects of instruction sets share nothing, $others others need only the baseline CPU"
[ "$isas" -ge 2 ] && [ "$others" -ge 4 ]
