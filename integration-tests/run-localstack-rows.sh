#!/usr/bin/env bash
# Runs the boto3 tests of docs/AWS-COMPATIBILITY.md against LocalStack: starts it, runs the tests, and stops it. --help explains the options.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PYTHONDONTWRITEBYTECODE=1
exec python3 -m runner rows "$@"
