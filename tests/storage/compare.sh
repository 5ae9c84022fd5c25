#!/usr/bin/env bash
# Runs compare.py with a Python that has NumPy: Debian's has the package python3-numpy. Usage: compare.sh CONVERT [--all]
set -euo pipefail
for python in /usr/bin/python3 python3; do
  if "$python" -c 'import numpy' 2>/dev/null; then exec "$python" "$(dirname "$0")/compare.py" "$@"; fi
done
echo "NumPy is missing (Debian: python3-numpy)"
exit 1
