#!/usr/bin/env bash
# Runs a command without random addresses where that is allowed: some kernels choose them where ThreadSanitizer of GCC 12
# cannot work. Usage: fixed_addresses.sh COMMAND...
set -euo pipefail
if setarch -R true 2>/dev/null; then
  exec setarch -R "$@"
fi
exec "$@"
