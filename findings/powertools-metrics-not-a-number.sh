#!/usr/bin/env bash
# Powertools writes a metric that is not a number as a bare NaN or Infinity (Python), or as null (TypeScript). The first is no
# JSON, the second no number: CloudWatch extracts nothing from the line, and nothing says so. Text is refused by both.
#
# Caught: an average over an empty batch, or a rate over zero seconds. All metrics of the line are lost with it.
# With: aws-lambda-powertools 3.37.0 (PyPI), @aws-lambda-powertools/metrics 2.36.0 (npm).
# Seen: "a":[NaN] and "a":null.
# Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
set -euo pipefail

# The output when this was recorded.
recorded='Python 3.37.0
[NaN]
[Infinity]
MetricValueError
TypeScript 2.36.0
null
null
RangeError'

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
for value in (float("nan"), float("inf"), "5"):
    metrics = Metrics(namespace="orders", service="worker")
    try:
        metrics.add_metric(name="a", unit="Count", value=value)
        print(json.dumps(metrics.serialize_metric_set()["a"]))
    except Exception as error:
        print(type(error).__name__)
    metrics.clear_metrics()
PYTHON
cat >"$work/js/metrics.mjs" <<'JS'
import { readFileSync } from 'node:fs';
import { Metrics } from '@aws-lambda-powertools/metrics';

const manifest = 'node_modules/@aws-lambda-powertools/metrics/package.json';
console.log('TypeScript', JSON.parse(readFileSync(manifest)).version);
for (const value of [Number.NaN, Number.POSITIVE_INFINITY, '5']) {
  const metrics = new Metrics({ namespace: 'orders', serviceName: 'worker' });
  try {
    metrics.addMetric('a', 'Count', value);
    console.log(JSON.stringify(metrics.serializeMetrics().a));
  } catch (error) {
    console.log(error.name);
  }
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

echo 'guess: an error at add_metric, as for text'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
