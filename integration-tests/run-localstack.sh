#!/usr/bin/env bash
# Runs the suite against LocalStack: starts it, deploys template.yaml, runs the tests, and stops it. --help explains the options.
set -euo pipefail
# Paths in the arguments are relative to the directory of the caller.
export CALLER_DIRECTORY="$PWD"
cd "$(dirname "${BASH_SOURCE[0]}")"
export PYTHONDONTWRITEBYTECODE=1
exec python3 -m runner localstack "$@"
