#!/usr/bin/env bash
# A PartiQL DELETE that names only the partition key deletes every item of the partition on moto. DynamoDB refuses it: the
# WHERE clause must name the whole primary key, and one statement deletes one item.
#
# Caught: whoever erases "all orders of a customer" with one statement: it passes on moto and is an error on AWS.
# With: moto 5.2.5, py-partiql-parser 0.6.3, boto3 1.44.8.
# Seen: of two items none is left.
# Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.delete.html
set -euo pipefail

# The output when this was recorded.
recorded='moto 5.2.5
delete: accepted
items left: 0'

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
        TableName="lines",
        KeySchema=[
            {"AttributeName": "customer", "KeyType": "HASH"},
            {"AttributeName": "line", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "customer", "AttributeType": "S"},
            {"AttributeName": "line", "AttributeType": "S"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    for line in ("1", "2"):
        dynamodb.put_item(TableName="lines", Item={"customer": {"S": "c"}, "line": {"S": line}})
    try:
        dynamodb.execute_statement(Statement="DELETE FROM lines WHERE customer='c'")
        answer = "accepted"
    except ClientError as error:
        answer = error.response["Error"]["Code"]
    print("delete:", answer)
    print("items left:", dynamodb.scan(TableName="lines")["Count"])
PYTHON
)

echo 'guess: delete: ValidationException, items left: 2'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
