#!/usr/bin/env bash
# Shows that ./dev, at a terminal, asks before it uses sudo: with programs in place of those that it would call.
set -euo pipefail
dev=$(cd "$(dirname "$0")/.." && pwd)/dev
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

program() { printf '#!/bin/sh\n%s\n' "$2" >"$folder/$1" && chmod +x "$folder/$1"; } # NAME TEXT
program id 'echo 1000'
program dpkg-query 'exit 1'
program apt-get 'exit 1'
program sudo "touch '$folder/used'; exit 1"
answer() { # TEXT
  echo "$1" | PATH=$folder:$PATH script -qec "'$dev' format" /dev/null >"$folder/log" || true
  grep -qF 'with sudo? [Y/n]' "$folder/log" || { cat "$folder/log"; exit 1; }
}
answer n
[ ! -e "$folder/used" ] || { echo "used although the answer was no"; exit 1; }
answer y
[ -e "$folder/used" ] || { echo "not used although the answer was yes"; exit 1; }
