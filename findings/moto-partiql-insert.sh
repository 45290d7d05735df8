#!/usr/bin/env bash
# A PartiQL INSERT is a conditional put: DynamoDB refuses it if the key exists. moto overwrites the item and reports
# success, alone, in a batch and in a transaction, also twice the same key in one batch. Parameters inside VALUE, the
# usual way to write an INSERT, raise a Python TypeError.
#
# Caught: whoever relies on DuplicateItem to store each order once, and tests it on moto: the test of the duplicate shows
# a lost update as green.
# With: moto 5.2.5, py-partiql-parser 0.6.3, boto3 1.44.8.
# Seen: three times success for an existing key, and the third value in the table; TypeError.
# Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.insert.html
#   https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchStatementError.html (DuplicateItem)
set -euo pipefail

# The output when this was recorded.
recorded='moto 5.2.5 py-partiql-parser 0.6.3
new: first
existing key, alone: no error, stored: alone
same key twice in a batch, errors: 0 stored: two
existing key, transaction: no error, stored: transaction
parameters: TypeError'

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

INSERT = "INSERT INTO orders VALUE {'order_id': 'a', 'state': '%s'}"


def state():
    return dynamodb.get_item(TableName="orders", Key={"order_id": {"S": "a"}})["Item"]["state"]["S"]


print("moto", version("moto"), "py-partiql-parser", version("py-partiql-parser"))
with mock_aws():
    dynamodb = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "order_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.execute_statement(Statement=INSERT % "first")
    print("new:", state())
    dynamodb.execute_statement(Statement=INSERT % "alone")
    print("existing key, alone: no error, stored:", state())
    statements = [{"Statement": INSERT % state} for state in ("one", "two")]
    answers = dynamodb.batch_execute_statement(Statements=statements)["Responses"]
    print("same key twice in a batch, errors:", sum("Error" in answer for answer in answers), "stored:", state())
    dynamodb.execute_transaction(TransactStatements=[{"Statement": INSERT % "transaction"}])
    print("existing key, transaction: no error, stored:", state())
    try:
        dynamodb.execute_statement(
            Statement="INSERT INTO orders VALUE {'order_id': ?}", Parameters=[{"S": "b"}]
        )
        print("parameters: no error")
    except Exception as error:
        print("parameters:", type(error).__name__)
PYTHON
)

echo 'guess: DuplicateItem for the existing key, stored stays first (or the batch is refused); parameters work'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
