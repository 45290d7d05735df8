#!/usr/bin/env bash
# moto lists a topic's subscriptions and says SubscriptionsConfirmed 0 in the topic's attributes, always; an email
# subscription, which AWS keeps pending until somebody confirms it, is neither pending in the count nor in its attributes.
#
# Caught: whoever asks, before publishing, whether anybody listens: SNS takes messages to a topic without subscribers and
# drops them, and the attribute is the cheap way to know.
# With: moto 5.2.5, boto3 1.44.8.
# Seen: two subscriptions listed; confirmed 0, pending 0; the email one says PendingConfirmation false.
# Source: https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html
set -euo pipefail

# The output when this was recorded.
recorded='moto 5.2.5
listed: 2
confirmed: 0 pending: 0
email pending: false'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  moto==5.2.5 boto3==1.44.8 botocore==1.44.8

# A clean environment: no proxy, no AWS settings of whoever runs this.
seen=$(env -i PATH="$PATH" HOME="$work" \
  "$work/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import boto3
from moto import mock_aws

print("moto", version("moto"))
with mock_aws():
    sns = boto3.client("sns", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    topic = sns.create_topic(Name="orders")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:orders")
    email = sns.subscribe(
        TopicArn=topic, Protocol="email", Endpoint="shop@example.com", ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    print("listed:", len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]))
    counts = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    print("confirmed:", counts["SubscriptionsConfirmed"], "pending:", counts["SubscriptionsPending"])
    attributes = sns.get_subscription_attributes(SubscriptionArn=email)["Attributes"]
    print("email pending:", attributes["PendingConfirmation"])
PYTHON
)

echo 'guess: listed 2, confirmed 1, pending 1, email pending true'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
