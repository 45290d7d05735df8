#!/usr/bin/env bash
# Runs the suite against a stack that is deployed on AWS: run-aws.sh --stack NAME. --help tells the rest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export PYTHONDONTWRITEBYTECODE=1
exec python3 -m runner aws "$@"
