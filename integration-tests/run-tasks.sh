#!/usr/bin/env bash
# Runs the suite on systems whose functions are tasks of the system's own process. --help explains the options.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PYTHONDONTWRITEBYTECODE=1
exec python3 -m runner tasks "$@"
