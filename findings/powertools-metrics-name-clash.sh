#!/usr/bin/env bash
# In Powertools for Python a metric with the name of a dimension takes the place of the dimension's value: the line says that
# the dimension is [1.0], which is no dimension, and CloudWatch drops the metric. The TypeScript version raises an error.
#
# Caught: a metric named "service" or "result" beside the dimension of that name. The tests of the call are green.
# With: aws-lambda-powertools 3.37.0 (PyPI), @aws-lambda-powertools/metrics 2.36.0 (npm).
# Seen: the dimension "service" is [1.0] in Python, an error in TypeScript.
# Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
set -euo pipefail

# The output when this was recorded.
recorded='Python 3.37.0
dimensions: [["service"]] service: [1.0]
TypeScript 2.36.0
Error'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  aws-lambda-powertools==3.37.0
mkdir "$work/js"
npm install --silent --no-fund --no-audit --prefix "$work/js" \
  @aws-lambda-powertools/metrics@2.36.0 @aws-lambda-powertools/commons@2.36.0
cat >"$work/python.py" <<'PYTHON'
import json
from importlib.metadata import version

from aws_lambda_powertools.metrics import Metrics

print("Python", version("aws-lambda-powertools"))
metrics = Metrics(namespace="orders", service="worker")
try:
    metrics.add_metric(name="service", unit="Count", value=1)
    line = metrics.serialize_metric_set()
    print("dimensions:", json.dumps(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"]), "service:", line["service"])
except Exception as error:
    print(type(error).__name__)
PYTHON
cat >"$work/js/metrics.mjs" <<'JS'
import { readFileSync } from 'node:fs';
import { Metrics } from '@aws-lambda-powertools/metrics';

const manifest = 'node_modules/@aws-lambda-powertools/metrics/package.json';
console.log('TypeScript', JSON.parse(readFileSync(manifest)).version);
const metrics = new Metrics({ namespace: 'orders', serviceName: 'worker' });
try {
  metrics.addMetric('service', 'Count', 1);
  console.log('service:', JSON.stringify(metrics.serializeMetrics().service));
} catch (error) {
  console.log(error.name);
}
JS

# A clean environment: no proxy, no AWS settings of whoever runs this.
# shellcheck disable=SC2016  # The inner shell expands the variables.
seen=$(env -i PATH="$PATH" HOME="$work" \
  bash -eu -c '
    "$HOME/venv/bin/python" "$HOME/python.py"
    cd "$HOME/js" && node metrics.mjs
'
)

echo 'guess: an error in both'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
