#!/usr/bin/env bash
# moto takes more than 25 requests in one BatchWriteItem. DynamoDB refuses the whole call with a ValidationException.
#
# Caught: a writer without chunks, tested on moto: it works until a batch has a 26th item on AWS, and then nothing is written.
# With: moto 5.2.5, boto3 1.44.8.
# Seen: 26 puts are accepted, and 26 items are stored.
# Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
set -euo pipefail

# The output when this was recorded.
recorded='moto 5.2.5
26 puts: accepted
stored: 26'

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

print("moto", version("moto"))
with mock_aws():
    dynamodb = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "order_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    puts = [{"PutRequest": {"Item": {"order_id": {"S": str(number)}}}} for number in range(26)]
    try:
        dynamodb.batch_write_item(RequestItems={"orders": puts})
        answer = "accepted"
    except ClientError as error:
        answer = error.response["Error"]["Code"]
    print("26 puts:", answer)
    print("stored:", dynamodb.scan(TableName="orders")["Count"])
PYTHON
)

echo 'guess: 26 puts: ValidationException, stored: 0'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
