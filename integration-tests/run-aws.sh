#!/usr/bin/env bash
# Runs the suite against a stack on AWS: run-aws.sh --stack NAME. --help explains the options.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PYTHONDONTWRITEBYTECODE=1
exec python3 -m runner aws "$@"
