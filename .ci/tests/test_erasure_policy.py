"""docs/erasure-policy.json: valid, exactly what `orderctl erase` needs, and nothing of it in a role of the stack or in the operator's policy."""

import json
from pathlib import Path

import parliament
from deployed_template import deployed, each_of_type

DOCS = Path(__file__).resolve().parents[2] / "docs"
POLICY = (DOCS / "erasure-policy.json").read_text()
OPERATOR = json.loads((DOCS / "operator-policy.json").read_text())["Statement"]

# Each of these can erase an order: it replaces or deletes an item of the table of orders.
ERASING = {
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:TransactWriteItems",
    "dynamodb:PartiQLDelete",
    "dynamodb:DeleteTable",
    "dynamodb:*",
    "*",
}


def as_list(value):
    return value if isinstance(value, list) else [value]


def granted(policy):
    return {(action, resource.rsplit(":", 1)[1]) for one in policy for action in as_list(one["Action"]) for resource in as_list(one["Resource"])}


def test_parliament_finds_nothing():
    assert parliament.analyze_policy_string(POLICY).findings == []


def test_it_allows_what_the_command_does_and_nothing_else():
    letters = {"GetQueueAttributes", "ReceiveMessage", "ChangeMessageVisibility", "DeleteMessage"}
    assert granted(json.loads(POLICY)["Statement"]) == {
        ("cloudformation:DescribeStacks", "stack/orders/*"),
        ("dynamodb:Query", "table/orders/index/by_customer_keys"),
        ("dynamodb:GetItem", "table/orders"),
        ("dynamodb:PutItem", "table/orders"),
        ("dynamodb:UpdateItem", "table/orders"),
        ("dynamodb:GetItem", "table/order-claims"),
        ("dynamodb:DeleteItem", "table/order-claims"),
        *((f"sqs:{action}", queue) for action in letters for queue in ["orders-dlq", "notifications-dlq", "emails-delivery-dlq"]),
        *(("sqs:GetQueueAttributes", queue) for queue in ["orders", "orders-retry", "notifications", "notifications-retry"]),
    }


def test_nobody_else_may_erase_an_order():
    assert not {(action, resource) for action, resource in granted(OPERATOR) if action in ERASING and resource == "table/orders"}
    policies = [policy for role in each_of_type(deployed(), "AWS::IAM::Role").values() for policy in role["Policies"]]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    actions = {action for statement in statements for action in as_list(statement["Action"])}
    assert actions and not actions & ERASING
