#!/usr/bin/env bash
# Runs zero.cpp on a few ranks of this machine: test.sh MPIRUN ZERO DIGITS.csv learn|fixed-order|resume.
set -euo pipefail
mpirun=$1 zero=$2 digits=$3 promise=$4
# More ranks than processors, in a container too: for Open MPI 4 and 5; MPICH asks for nothing.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe

run() { # RANKS OPTION...
  "$mpirun" -n "$1" "$zero" "${@:2}" "$digits"
}
# Prints the norms of the last gradients and the checksum of the parameters of a run.
checksum() {
  local out
  out=$(run "$@") || return
  grep -oE 'norm [0-9.e-]+$|checksum of the parameters [0-9a-f]{16}$' <<<"$out" | tail -n 6
}
same() { # CHECKSUM RANKS OPTION...
  local found
  found=$(checksum "${@:2}")
  [ "$found" = "$1" ] || { echo "${*:2}: $found instead of $1"; exit 1; }
}

case $promise in
learn)
  run 2 | grep -E ' 9[5-9]\.[0-9] % of unseen digits right'
  run 4 -b | grep -E ' 9[5-9]\.[0-9] % of unseen digits right'
  ;;
fixed-order)
  for more in '' -b; do
    one=$(checksum 1 -f -n 80 $more)
    for ranks in 2 3 4; do
      same "$one" $ranks -f -n 80 $more
    done
  done
  ;;
resume)
  folder=$(mktemp -d)
  trap 'rm -r "$folder"' EXIT
  for more in '' -b; do
    whole=$(checksum 4 -f -n 20 $more)
    run 4 -f -n 10 $more -s "$folder/state" >/dev/null
    same "$whole" 2 -f -n 20 $more -r "$folder/state"
    same "$whole" 3 -f -n 20 $more -r "$folder/state"
  done
  # Files of different steps are no checkpoint.
  run 1 -n 5 -s "$folder/early" >/dev/null
  cp "$folder/early.7" "$folder/state.7"
  run 2 -f -n 20 -r "$folder/state" >"$folder/out" 2>&1 && exit 1
  grep 'not of one step' "$folder/out"
  ;;
esac
