#!/usr/bin/env bash
# SAM takes any non-empty value of ApiKeyRequired for true, also an intrinsic function: `!If [NeedKey, true, false]` asks
# for an API key whatever the condition says, and the condition is not in the transformed template at all. No error, no
# warning. The transform AWS::LanguageExtensions before that of SAM resolves the condition first.
#
# Caught: whoever switches the keys of an API by a template parameter: clients get 403 in the stage that was to be open.
# With: aws-sam-translator 1.115.0.
# Seen: security of the method: api_key, with NeedKey false, and no mention of NeedKey in the API.
# Source: ApiKeyRequired is a Boolean, and Fn::If is documented for property values in general;
#   https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-api-apiauth.html
#   https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
#   The way out is from https://github.com/aws/serverless-application-model/issues/1553
set -euo pipefail

# The output when this was recorded.
recorded='aws-sam-translator 1.115.0
true: security [{"api_key": []}], condition kept: False
false: security null, condition kept: False
!If [NeedKey, true, false]: security [{"api_key": []}], condition kept: False'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  aws-sam-translator==1.115.0 pyyaml==6.0.4

# A clean environment: no proxy, no AWS settings of whoever runs this.
seen=$(env -i PATH="$PATH" HOME="$work" AWS_DEFAULT_REGION=us-east-1 \
  "$work/venv/bin/python" - <<'PYTHON'
import json
from importlib.metadata import version

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Conditions:
  NeedKey: !Equals [a, b]
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: live
      Auth:
        ApiKeyRequired: REQUIRED
  OrderApi:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handle
      InlineCode: "def handle(event, context): pass"
      Events:
        Place:
          Type: Api
          Properties: {Path: /orders, Method: post, RestApiId: !Ref Api}
"""


class ManagedPolicies:
    def load(self):
        name = "AWSLambdaBasicExecutionRole"
        return {name: "arn:aws:iam::aws:policy/service-role/" + name}


print("aws-sam-translator", version("aws-sam-translator"))
for required in ["true", "false", "!If [NeedKey, true, false]"]:
    template = yaml_parse(TEMPLATE.replace("REQUIRED", required))
    body = transform(template, {}, ManagedPolicies())["Resources"]["Api"]["Properties"]["Body"]
    security = body["paths"]["/orders"]["post"].get("security")
    print(f"{required}: security {json.dumps(security)}, condition kept: {'NeedKey' in json.dumps(body)}")
PYTHON
)

echo 'guess: the third line keeps the condition, or is an error'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
