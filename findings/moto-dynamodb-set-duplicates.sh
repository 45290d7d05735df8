#!/usr/bin/env bash
# moto stores a set with the same member twice, and 1 beside 1.0 in a set of numbers. DynamoDB refuses both writes with a
# ValidationException: the members of a set are unique.
#
# Caught: a writer that builds a set from a list (the order ids of a digest, the tags of a book) and tests on moto only.
# With: moto 5.2.5, boto3 1.44.8.
# Seen: both writes succeed, and the read returns two members.
# Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html (Sets)
set -euo pipefail

# The output when this was recorded.
recorded='moto 5.2.5
SS: a and a
NS: 1 and 1.0'

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
        TableName="digests",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    for kind, members in (("SS", ["a", "a"]), ("NS", ["1", "1.0"])):
        try:
            dynamodb.put_item(TableName="digests", Item={"id": {"S": kind}, "members": {kind: members}})
            item = dynamodb.get_item(TableName="digests", Key={"id": {"S": kind}})["Item"]
            answer = " and ".join(item["members"][kind])
        except ClientError as error:
            answer = error.response["Error"]["Code"]
        print(f"{kind}:", answer)
PYTHON
)

echo 'guess: SS: ValidationException, NS: ValidationException'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
