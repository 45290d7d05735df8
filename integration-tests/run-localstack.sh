#!/usr/bin/env bash
# Runs the suite against LocalStack: starts it, deploys template.yaml, runs the tests, ends it. --help tells the rest.
set -euo pipefail
# Paths that are given are from where the caller is.
export CALLER_DIRECTORY="$PWD"
cd "$(dirname "${BASH_SOURCE[0]}")"
export PYTHONDONTWRITEBYTECODE=1
exec python3 -m runner localstack "$@"
