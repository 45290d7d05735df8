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


ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/"


def test_arns(dynamodb, table):
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    assert arn == ARN + table
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "shop"}])
    assert dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "shop"}]


def test_a_table_by_its_arn(dynamodb, table, code):
    arn = ARN + table
    # An attribute that looks like an ARN is data.
    item = {"order_id": {"S": arn}}
    dynamodb.put_item(TableName=arn, Item=item)
    assert dynamodb.get_item(TableName=table, Key=item)["Item"] == item
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": arn, "Item": {"order_id": {"S": "b"}}}}])
    assert len(dynamodb.batch_get_item(RequestItems={arn: {"Keys": [item]}})["Responses"][table]) == 1
    assert dynamodb.scan(TableName=arn)["Count"] == 2
    assert dynamodb.describe_table(TableName=arn)["Table"]["TableName"] == table
    foreign = arn.replace("us-east-1", "eu-west-1")
    assert code(dynamodb.get_item, TableName=foreign, Key=item) in ("ResourceNotFoundException", "ValidationException")


def test_numbers(dynamodb, table, code):
    def stored(number):
        dynamodb.put_item(TableName=table, Item={"order_id": {"S": "n"}, "n": {"N": number}})
        return dynamodb.get_item(TableName=table, Key={"order_id": {"S": "n"}})["Item"]["n"]["N"]

    for sent, expected in [
        ("1.50", "1.5"),
        ("100", "100"),
        ("1e2", "100"),
        ("0.00", "0"),
        ("-0", "0"),
        ("007", "7"),
        ("1" * 38, "1" * 38),
    ]:
        assert stored(sent) == expected, sent
    for wrong in ("1" * 39, "1e126", "1e-131", "x", "", "1,5"):
        assert code(stored, number=wrong) == "ValidationException", wrong


def test_limits_of_statements(dynamodb, table, code):
    statement = lambda condition: f"SELECT * FROM \"{table}\" WHERE {condition}"
    for condition in ("(" * 5000 + "a=1" + ")" * 5000, "NOT " * 2000 + "a=1", "a='" + "x" * 9000 + "'"):
        assert code(dynamodb.execute_statement, Statement=statement(condition)) == "ValidationException"
    for expression in ("(" * 1500 + "a=b" + ")" * 1500, "NOT " * 1000 + "a=b", "a" * 5000):
        assert code(dynamodb.scan, TableName=table, FilterExpression=expression) == "ValidationException"
    # The engine is still there.
    assert dynamodb.scan(TableName=table)["Count"] == 0


def test_caller_identity(client):
    identity = client("sts").get_caller_identity()
    assert identity["Account"] == "000000000000"
    assert identity["Arn"].startswith("arn:aws:iam::000000000000:")


def test_unknown_service(client, code):
    assert code(client("kinesis").list_streams) == "UnknownOperationException"
