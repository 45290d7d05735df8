#!/usr/bin/env bash
# CloudFormation turns a text into a number, and a number into a text, as the property needs it. MiniStack keeps the type of
# the template. The value of a parameter is always a text there, so `MaximumConcurrency: !Ref P` becomes a text, and the
# poller of the event source mappings fails at it: for all queues, not for that one. And a function that has a number in its
# environment (`LEVEL: 2`) cannot start. The stack is CREATE_COMPLETE in both cases.
#
# Caught: whoever tests a template with parameters there: no message arrives at any function, or one function never
# starts, and only the log of MiniStack says why.
# With: ministack 1.5.33, boto3 1.43.106.
# Seen: as below. Without the parameter and the number, both functions get their message.
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html (a Number becomes
#   a string where it is used), and
#   https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-eventsourcemapping-scalingconfig.html
#   (MaximumConcurrency is an Integer)
set -euo pipefail

# The output when this was recorded.
recorded='ministack 1.5.33
literals: CREATE_COMPLETE, first handled, second handled
number in the environment: CREATE_COMPLETE, first left, second handled
concurrency by parameter: CREATE_COMPLETE, first left, second left'

work=$(mktemp -d)
server=
trap 'if [[ -n $server ]]; then kill "$server"; wait "$server" || true; fi; rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  ministack==1.5.33 boto3==1.43.106 botocore==1.43.106

port=$("$work/venv/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# A clean environment: no proxy, no AWS settings of whoever runs this.
clean=(env -i "PATH=$work/venv/bin:$PATH" "HOME=$work" "TMPDIR=$work" "GATEWAY_PORT=$port" BIND_HOST=127.0.0.1)
"${clean[@]}" "$work/venv/bin/ministack" >"$work/log" 2>&1 &
server=$!

seen=$("${clean[@]}" "$work/venv/bin/python" - <<'PYTHON'
import json
import os
import time
import urllib.request
from importlib.metadata import version

import boto3

ENDPOINT = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
ANSWER_TIME = 20.0
CODE = "def handler(event, context):\n    return {}\n"


def until(condition):
    """Whether it becomes true in time."""
    deadline = time.monotonic() + ANSWER_TIME
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def is_ready():
    try:
        return urllib.request.urlopen(f"{ENDPOINT}/_ministack/health").status == 200
    except OSError:
        return False


def client(name):
    return boto3.client(name, endpoint_url=ENDPOINT, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")


def resources(name, concurrency, level):
    function = {"FunctionName": name, "Runtime": "python3.11", "Handler": "index.handler", "Role": "arn:aws:iam::000000000000:role/any",
                "Code": {"ZipFile": CODE}, "Environment": {"Variables": {"LEVEL": level}}}
    mapping = {"FunctionName": {"Ref": f"{name}Function"}, "EventSourceArn": {"Fn::GetAtt": [f"{name}Queue", "Arn"]},
               "ScalingConfig": {"MaximumConcurrency": concurrency}}
    return {f"{name}Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}},
            f"{name}Function": {"Type": "AWS::Lambda::Function", "Properties": function},
            f"{name}Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping}}


def left(name):
    url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(map(int, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))


def run(what, concurrency, level):
    """Two queues with a function each. The first has this concurrency, and its function this variable."""
    parameters = {"Limit": {"Type": "Number", "Default": 2}}
    template = {"Parameters": parameters, "Resources": resources("first", concurrency, level) | resources("second", 2, "2")}
    stack = what.replace(" ", "-")
    cloudformation.create_stack(StackName=stack, TemplateBody=json.dumps(template))
    status = lambda: cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    until(lambda: not status().endswith("IN_PROGRESS"))
    ended = status()
    for name in ("first", "second"):
        sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=name)["QueueUrl"], MessageBody="{}")
    until(lambda: left("first") == left("second") == 0)
    handled = ["handled" if left(name) == 0 else "left" for name in ("first", "second")]
    print(f"{what}: {ended}, first {handled[0]}, second {handled[1]}")
    urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/_ministack/reset", method="POST"))


assert until(is_ready)
sqs, cloudformation = client("sqs"), client("cloudformation")
print("ministack", version("ministack"))
run("literals", 2, "2")
run("number in the environment", 2, 2)
run("concurrency by parameter", {"Ref": "Limit"}, "2")
PYTHON
)

echo 'guess: every message is handled'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
