#!/usr/bin/env bash
# moto ignores the ClientRequestToken of TransactWriteItems: a repeated transaction takes effect a second time. DynamoDB
# answers the repetition with success and changes nothing, for ten minutes.
#
# Caught: whoever counts or pays in a transaction and tests the retry after a lost response on moto. The SDKs send a token
# with every such call, so their own retries are affected too.
# With: moto 5.2.5, boto3 1.44.8.
# Seen: after two calls with one token the counter is 2.
# Source: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html (ClientRequestToken)
set -euo pipefail

# The output when this was recorded.
recorded='moto 5.2.5
same token twice, paid: 2'

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
from moto import mock_aws

KEY = {"order_id": {"S": "a"}}
print("moto", version("moto"))
with mock_aws():
    dynamodb = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "order_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for _ in range(2):
        dynamodb.transact_write_items(
            ClientRequestToken="payment-1",
            TransactItems=[
                {
                    "Update": {
                        "TableName": "orders",
                        "Key": KEY,
                        "UpdateExpression": "ADD paid :one",
                        "ExpressionAttributeValues": {":one": {"N": "1"}},
                    }
                }
            ],
        )
    item = dynamodb.get_item(TableName="orders", Key=KEY)["Item"]
    print("same token twice, paid:", item["paid"]["N"])
PYTHON
)

echo 'guess: paid: 1'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
