#!/usr/bin/env bash
# Tests a wheel for AArch64 in Debian's Python for it, emulated: aarch64.sh WHEEL. What starts processes is left out, and
# of the tests of stored arrays all but one optimizer's, since NumPy is slow here.
set -euo pipefail
home=$PWD/build/aarch64
mkdir -p "$home"/apt/{lists,archives}/partial "$home/root"
: >"$home/apt/status"
cat >"$home/apt/conf" <<EOF
APT { Architecture "arm64"; Architectures { "arm64"; }; Sandbox::User ""; };
Dir { State { lists "$home/apt/lists"; status "$home/apt/status"; }; Cache "$home/apt"; };
EOF
APT_CONFIG=$home/apt/conf apt-get update -q >"$home/log"
APT_CONFIG=$home/apt/conf apt-get install -q -y --download-only --no-install-recommends python3-numpy python3-pytest \
  >>"$home/log"
for package in "$home"/apt/archives/*.deb; do
  dpkg-deb -x "$package" "$home/root"
done
rm -rf "$home/site"
python3 -m zipfile -e "$1" "$home/site"
lib=/usr/lib/aarch64-linux-gnu
export PYTHONPATH=$home/site PYTHONDONTWRITEBYTECODE=1
emulated=(qemu-aarch64 -L "$home/root" -E "LD_LIBRARY_PATH=$lib/blas:$lib/lapack" "$home/root/usr/bin/python3")
"${emulated[@]}" -c 'import glissade; print(glissade.isa(), glissade.openmp()["runtime"])'
exec "${emulated[@]}" -m pytest -q -p no:cacheprovider tests/python/numpy --ignore tests/python/numpy/test_process.py \
  -k 'not test_storage or AdamW'
