#!/usr/bin/env bash
# Is the memory limit a loop of full registers, for three arrays 3 loads to 2 stores, with no arithmetic and no memcpy?
# And the divider's limit one of roots and divisions of full registers, with no loads and stores?
# Usage: perf_limit.sh objdump limit.cpp.o
set -euo pipefail
code=$("$1" -d -C --no-show-raw-insn "$2")
pass=$(sed -n '/pass<3ul>.*>:$/,/^$/p' <<<"$code")
loads=$(grep -cE 'vmov\w+\s+[^%]*\(.*\), *%zmm' <<<"$pass") || true
stores=$(grep -cE 'vmov\w+\s+%zmm[0-9]+,.*\(' <<<"$pass") || true
calls=$(grep -cE 'call|rep ' <<<"$pass") || true
arithmetic=$(grep -cE '\bv(add|mul|sub|fm|fnm|div|sqrt|and|or|xor|p)' <<<"$pass") || true
echo "loads $loads, stores $stores, calls $calls, arithmetic $arithmetic"
((loads >= 3 && 2 * loads == 3 * stores && calls == 0 && arithmetic == 0))
divide=$(sed -n '/divide(.*>:$/,/^$/p' <<<"$code")
roots=$(grep -cE 'vsqrtps\s+%zmm' <<<"$divide") || true
divisions=$(grep -cE 'vdivps\s+%zmm' <<<"$divide") || true
memory=$(grep -cE 'call|%zmm[0-9]+, *[^%]*\(|\(.*\), *%zmm.*%zmm' <<<"$divide") || true
echo "roots $roots, divisions $divisions, memory $memory"
((roots >= 1 && divisions >= 1 && memory == 0))
