#!/usr/bin/env bash
# cfn-lint finds a queue whose visibility timeout is below its function's time-out (E3505) in plain CloudFormation only. In
# the SAM template that says the same it finds nothing, and says nothing of having looked away: since 1.54 it no longer
# transforms AWS::Serverless. SAM templates validate, so a green run looks like a checked queue.
#
# Caught: whoever lints template.yaml in CI and counts on E3505. Lint the transformed template as well.
# With: cfn-lint 1.58.0, aws-sam-translator 1.115.0.
# Seen: SAM template: exit 0, no finding; the same, transformed: exit 2, E3505.
# Source: Lambda refuses an event source whose queue hides messages for less than the function's time-out, and asks for
#   six times as much; https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
set -euo pipefail

# The output when this was recorded.
recorded='cfn-lint 1.58.0
sam.yaml: exit 0, rules:
transformed.json: exit 2, rules: E3505'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  cfn-lint==1.58.0 aws-sam-translator==1.115.0

cat > "$work/sam.yaml" <<'YAML'
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 30
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handle
      InlineCode: "def handle(event, context): pass"
      Timeout: 60
      Events:
        Orders:
          Type: SQS
          Properties:
            Queue: !GetAtt Orders.Arn
YAML
env -i PATH="$PATH" HOME="$work" AWS_DEFAULT_REGION=us-east-1 "$work/venv/bin/python" - \
  "$work/sam.yaml" "$work/transformed.json" <<'PYTHON'
import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class ManagedPolicies:
    def load(self):
        role = "arn:aws:iam::aws:policy/service-role/"
        names = ["AWSLambdaBasicExecutionRole", "AWSLambdaSQSQueueExecutionRole"]
        return {name: role + name for name in names}


with open(sys.argv[1]) as source, open(sys.argv[2], "w") as target:
    json.dump(transform(yaml_parse(source.read()), {}, ManagedPolicies()), target, indent=1)
PYTHON

# A clean environment: no proxy, no AWS settings of whoever runs this.
seen=$(
  cd "$work"
  for template in sam.yaml transformed.json; do
    rc=0
    env -i PATH="$PATH" HOME="$work" "$work/venv/bin/cfn-lint" --regions us-east-1 --format parseable "$template" >"$template.out" || rc=$?
    echo "$template: exit $rc, rules:$(grep -oE '\b[EW][0-9]{4}\b' "$template.out" | sort -u | sed 's/^/ /' | tr -d '\n' || true)"
  done
)
seen="$("$work/venv/bin/cfn-lint" --version)
$seen"

echo 'guess: both templates report E3505, visibility timeout 30 below time-out 60'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
