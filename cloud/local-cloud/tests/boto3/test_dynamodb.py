"""DynamoDB through the endpoint, as far as orders uses it, and the identity of the caller."""

import pytest


@pytest.fixture
def table(dynamodb, name):
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "order_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "order_id", "KeyType": "HASH"}],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 5})
    yield name
    dynamodb.delete_table(TableName=name)


def test_insert_is_a_conditional_put(dynamodb, table):
    insert = lambda id: {"Statement": f"INSERT INTO \"{table}\" VALUE {{'order_id': ?, 'n': 1}}", "Parameters": [{"S": id}]}
    first = dynamodb.batch_execute_statement(Statements=[insert("a"), insert("b")])["Responses"]
    assert not any("Error" in response for response in first)
    second = dynamodb.batch_execute_statement(Statements=[insert("b"), insert("c")])["Responses"]
    assert second[0]["Error"]["Code"] == "DuplicateItem"
    assert "Error" not in second[1]
    found = dynamodb.batch_get_item(
        RequestItems={table: {"Keys": [{"order_id": {"S": id}} for id in "abc"], "ConsistentRead": True}}
    )
    assert len(found["Responses"][table]) == 3


def test_a_mark_never_creates_a_row(dynamodb, table, code):
    update = lambda id: dict(
        Statement=f"UPDATE \"{table}\" SET notified_at=? WHERE order_id=? AND notified_at IS MISSING",
        Parameters=[{"S": "now"}, {"S": id}],
    )
    assert code(dynamodb.execute_statement, **update("none")) == "ConditionalCheckFailedException"
    dynamodb.put_item(TableName=table, Item={"order_id": {"S": "a"}})
    dynamodb.execute_statement(**update("a"))
    assert code(dynamodb.execute_statement, **update("a")) == "ConditionalCheckFailedException"


def test_errors(dynamodb, table, code):
    item = {"order_id": {"S": "a"}}
    dynamodb.put_item(TableName=table, Item=item)
    condition = dict(TableName=table, Item=item, ConditionExpression="attribute_not_exists(order_id)")
    assert code(dynamodb.put_item, **condition) == "ConditionalCheckFailedException"
    assert code(dynamodb.get_item, TableName=table + "none", Key=item) == "ResourceNotFoundException"
    assert code(dynamodb.get_item, TableName=table, Key={"id": {"S": "a"}}) == "ValidationException"
    assert code(dynamodb.describe_continuous_backups, TableName=table) == "UnknownOperationException"


def test_caller_identity(client):
    identity = client("sts").get_caller_identity()
    assert identity["Account"] == "000000000000"
    assert identity["Arn"].startswith("arn:aws:iam::000000000000:")


def test_unknown_service(client, code):
    assert code(client("kinesis").list_streams) == "UnknownOperationException"
