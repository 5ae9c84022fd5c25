#!/usr/bin/env bash
# Proves on the object files that an older CPU never meets an instruction that it lacks, and that a program's own
# functions never take the place of the library's, nor the reverse.
# Usage: objects.sh ISAS_INC CXX OBJECT...   all objects of the library
#        objects.sh --flags ISAS_INC CXX NAME FLAG...   the flags that an instruction set is compiled with
#        objects.sh --control CXX            faulty objects, which must be noticed
#
# An inline function that is compiled for a newer instruction set and not inlined is a weak symbol, and the linker may
# keep that copy for everyone. So the object of an instruction set defines its table and nothing else that the linker
# sees, calls nothing but what the compiler itself may insert, and runs nothing when it is loaded. Nor do the others
# define any function of the C++ library, of which a program may have a copy that was compiled with -ffast-math. Which
# instructions an object may hold is asked of the assembler, which takes them back for no more than the features that
# isas.inc names; for x86-64 alone if it names none. And the flags must make the compiler define the macros of those
# features and of exact arithmetic, and no others.
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

# From memory a step is a fifth slower without, and a compiler may leave them out: as many as there are kernels at least.
check_prefetches() { # FILE
  local kernels prefetches
  kernels=$(nm -C "$1" | grep -c 'pass<.*>::until_in_doubt<false>(')
  prefetches=$(objdump -d --no-show-raw-insn "$1" | grep -c prefetch || true)
  [ "$prefetches" -ge $((3 * kernels)) ] || fail "$1 prefetches in $prefetches places for $kernels kernels"
}

check_common_object() { # FILE
  local seen
  seen=$(nm "$1" | awk '/ [VWuvw] _Z(N[VK]*)?(St|9__gnu_cxx)|_Zn[wa]/')
  [ -z "$seen" ] || fail "$1 defines functions of the C++ library: $(c++filt <<<"$seen")"
}

# Padding is repeated as often as fits, which the assembler does not take back; targets of jumps are read as numbers.
check_instructions() { # FILE FEATURE...
  local seen features
  features=$(printf '+%s' ibt "${@:2}")
  seen=$(objdump -d --no-show-raw-insn "$1" | awk -F'\t' '$1 ~ /:$/ && NF > 1 { print $2 }' |
    sed -E 's/ *[#<].*//; s/(data16 )+//; s/ ([0-9a-f]+)$/ 0x\1/' | sort -u |
    as "-march=generic64$features" -o /dev/null - 2>&1 | awk '/Error/ && ++n <= 3') || true
  [ -z "$seen" ] || fail "$1 holds more than x86-64${features#+ibt}: $seen"
}

features_of() { # NAME
  grep "^GLISSADE_ISA($1," "$list" | grep -oP 'HAS\("\K[^"]*' || true
}

check_exports() { # CXX OBJECT...
  local library seen
  library=$(mktemp)
  "$1" -shared "${@:2}" -o "$library" || fail "cannot be part of a shared object"
  seen=$(nm -D --defined-only "$library" | awk '$NF !~ /^glissade_/')
  rm "$library"
  [ -z "$seen" ] || fail "a shared object would export: $seen"
}

if [ "$1" = --control ]; then
  cxx=$2
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  compile() { "$cxx" -O2 -fPIC "${@:2}" -c -x c++ - -o "$folder/$1.o"; } # NAME FLAG..., from stdin
  compile shared -mavx2 -mfma <<'EOF'
inline __attribute__((noinline)) float shared(float x) { return x * x + 1; }
static float use(float x) { return shared(x); }
namespace glissade { extern float (*const avx2)(float) = use; }
EOF
  compile loaded -mavx2 -mfma <<'EOF'
static int first() { asm volatile(""); return 1; }
static int at_load = first();
namespace glissade { extern const int avx2 = 1; }
EOF
  echo 'unsigned long shifted(unsigned long x, int n) { return x << n; }' | compile bmi2 -mavx2 -mfma -mbmi2
  printf '#include <cmath>\nbool no_limit(double x) { return std::isfinite(x); }' | compile common -O0
  echo 'thread_local int x; int next() { return ++x; }' | compile fixed -fno-PIC
  expect() { # TEXT COMMAND...
    local text=$1 said
    shift
    said=$("$@" 2>/dev/null) && fail "not noticed: $text"
    [[ $said == *"$text"* ]] || fail "said '$said', not '$text'"
  }
  expect "the linker may share" check_isa_object "$folder/shared.o" avx2
  expect "runs when it is loaded" check_isa_object "$folder/loaded.o" avx2
  expect "holds more than x86-64:" check_instructions "$folder/shared.o"
  expect "holds more than x86-64+avx2:" check_instructions "$folder/shared.o" avx2
  expect "holds more than x86-64+avx2+fma:" check_instructions "$folder/bmi2.o" avx2 fma
  expect "functions of the C++ library: " check_common_object "$folder/common.o"
  expect "cannot be part of a shared object" check_exports "$cxx" "$folder/fixed.o"
  expect "a shared object would export" check_exports "$cxx" "$folder/bmi2.o"
  exit 0
fi

if [ "$1" = --flags ]; then
  list=$2 cxx=$3 name=$4
  shift 4
  macros() { "$cxx" -dM -E -x c++ "${@/#-W*/-w}" /dev/null | sort; } # a warning may take a macro away
  # shellcheck disable=SC2046
  seen=$(diff <(macros -O3 -fno-exceptions -fno-rtti -fno-math-errno $(features_of "$name" | sed 's/^/-m/')) \
    <(macros "$@")) || fail "$name is compiled otherwise: $seen"
  exit 0
fi

list=$1 cxx=$2
shift 2
isas=0
others=0
for object in "$@"; do
  name=$(basename "$object")
  name=${name%%.*}
  if grep -q "^GLISSADE_ISA($name," "$list"; then
    check_isa_object "$object" "$name"
    [ -z "$(features_of "$name")" ] || check_prefetches "$object"
    isas=$((isas + 1))
  else
    check_common_object "$object"
    others=$((others + 1))
  fi
  # shellcheck disable=SC2046
  [ "$(uname -m)" != x86_64 ] || check_instructions "$object" $(features_of "$name")
done
check_exports "$cxx" "$@"
echo "$isas objects of instruction sets share nothing, and $others others define nothing that a program has too"
[ "$isas" = "$(grep -c '^GLISSADE_ISA' "$list")" ] && [ "$others" -ge 3 ]
