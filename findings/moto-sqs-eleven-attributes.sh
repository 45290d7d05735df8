#!/usr/bin/env bash
# moto takes an eleventh message attribute: in SendMessage, and in the raw delivery of SNS to a queue. SQS refuses the message,
# and SNS gives up the raw delivery (to the dead-letter queue of the subscription, if it has one).
#
# Caught: whoever adds attributes for a trace, a tenant or a retry to messages that have some: green on moto, lost on AWS.
# With: moto 5.2.5, boto3 1.44.8.
# Seen: both messages arrive with eleven attributes.
# Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html and
# https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html (raw message delivery)
set -euo pipefail

# The output when this was recorded.
recorded='moto 5.2.5
sent: [11]
raw delivery: [11]'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  moto==5.2.5 boto3==1.44.8 botocore==1.44.8 py-partiql-parser==0.6.3

# A clean environment: no proxy, no AWS settings of whoever runs this.
seen=$(env -i PATH="$PATH" HOME="$work" \
  "$work/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

ELEVEN = {f"name{number}": {"DataType": "String", "StringValue": "1"} for number in range(11)}
print("moto", version("moto"))
with mock_aws():
    keys = dict(region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    sqs, sns = boto3.client("sqs", **keys), boto3.client("sns", **keys)
    queue = sqs.create_queue(QueueName="orders")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="events")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})

    def arrived():
        messages = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"]).get("Messages", [])
        return [len(message["MessageAttributes"]) for message in messages]

    try:
        sqs.send_message(QueueUrl=queue, MessageBody="order", MessageAttributes=ELEVEN)
        answer = arrived()
    except ClientError as error:
        answer = error.response["Error"]["Code"]
    print("sent:", answer)
    sns.publish(TopicArn=topic, Message="event", MessageAttributes=ELEVEN)
    print("raw delivery:", arrived())
PYTHON
)

echo 'guess: sent: InvalidParameterValue, raw delivery: nothing arrives'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
