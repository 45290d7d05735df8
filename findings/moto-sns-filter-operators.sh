#!/usr/bin/env bash
# moto accepts SNS filter policies that then match nothing: equals-ignore-case, if the policy spells its value with a
# capital (even for the same spelling in the message), and a suffix inside anything-but. Operators that it does not know
# (wildcard) are refused, so an accepted policy looks supported.
#
# Caught: whoever tests a filter on moto: "the message was filtered out" holds for every message.
# With: moto 5.2.5, boto3 1.44.8.
# Seen: prefix delivers 1; equals-ignore-case with de 1, with DE 0; anything-but with prefix 1, with suffix 0; wildcard is refused.
# Source: https://docs.aws.amazon.com/sns/latest/dg/string-value-matching.html
set -euo pipefail

# The output when this was recorded.
recorded='moto 5.2.5
{"prefix": "D"} DE delivered 1
{"equals-ignore-case": "de"} DE delivered 1
{"equals-ignore-case": "DE"} DE delivered 0
{"anything-but": {"prefix": "F"}} DE delivered 1
{"anything-but": {"suffix": "R"}} DE delivered 0
{"wildcard": "D*"} DE refused'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  moto==5.2.5 boto3==1.44.8 botocore==1.44.8

# A clean environment: no proxy, no AWS settings of whoever runs this.
seen=$(env -i PATH="$PATH" HOME="$work" \
  "$work/venv/bin/python" - <<'PYTHON'
import json
from importlib.metadata import version

import boto3
from moto import mock_aws

print("moto", version("moto"))
with mock_aws():
    sqs = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    sns = boto3.client("sns", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    queue = sqs.create_queue(QueueName="large-orders")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="orders")["TopicArn"]
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    for operator, country in [
        ({"prefix": "D"}, "DE"),
        ({"equals-ignore-case": "de"}, "DE"),
        ({"equals-ignore-case": "DE"}, "DE"),
        ({"anything-but": {"prefix": "F"}}, "DE"),
        ({"anything-but": {"suffix": "R"}}, "DE"),
        ({"wildcard": "D*"}, "DE"),
    ]:
        try:
            sns.set_subscription_attributes(
                SubscriptionArn=subscription,
                AttributeName="FilterPolicy",
                AttributeValue=json.dumps({"country": [operator]}),
            )
        except sns.exceptions.InvalidParameterException:
            print(json.dumps(operator), country, "refused")
            continue
        attributes = {"country": {"DataType": "String", "StringValue": country}}
        sns.publish(TopicArn=topic, Message="order", MessageAttributes=attributes)
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        print(json.dumps(operator), country, "delivered", len(messages))
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
PYTHON
)

echo 'guess: each policy matches DE: delivered 1, or refused as unsupported'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
