#!/usr/bin/env bash
# DynamoDB stores numbers, moto the text of numbers: an amount written as 12.50 comes back as 12.50, on AWS as 12.5. Two
# spellings of one number even make two elements of a number set.
#
# Caught: whoever reads an amount back as text (a total to print, an item to compare or to hash) and tests it on moto: on
# AWS the last zero of every other price is gone.
# With: moto 5.2.5, boto3 1.44.8.
# Seen: 12.50, 1E+3, 00012 and -0 come back as they were sent; the set {1, 1.0} is accepted.
# Source: leading and trailing zeroes are trimmed, sets hold no duplicates;
#   https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
set -euo pipefail

# The output when this was recorded.
recorded='moto 5.2.5
12.50 -> 12.50
1E+3 -> 1E+3
00012 -> 00012
-0 -> -0
set: 1 1.0'

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


def stored(value):
    dynamodb.put_item(TableName="orders", Item={**KEY, "total": value})
    return dynamodb.get_item(TableName="orders", Key=KEY)["Item"]["total"]


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
    for number in ["12.50", "1E+3", "00012", "-0"]:
        print(number, "->", stored({"N": number})["N"])
    print("set:", " ".join(stored({"NS": ["1", "1.0"]})["NS"]))
PYTHON
)

echo 'guess: 12.5, 1000, 12, 0, and an error for the set'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
