"""docs/operator-policy.json: valid, with no more rights than it needs, on resources of the template."""

import json
from pathlib import Path

import parliament
from deployed_template import deployed, each_of_type

POLICY = (Path(__file__).resolve().parents[2] / "docs" / "operator-policy.json").read_text()
STATEMENTS = json.loads(POLICY)["Statement"]


def as_list(value):
    return value if isinstance(value, list) else [value]


def test_parliament_finds_nothing():
    assert parliament.analyze_policy_string(POLICY).findings == []


def test_it_allows_only_sqs_and_reads():
    actions = {action for one in STATEMENTS for action in as_list(one["Action"])}
    assert not [action for action in actions if "*" in action]
    assert {action for action in actions if not action.startswith("sqs:")} == {
        "cloudformation:DescribeStacks",
        "dynamodb:BatchGetItem",
        "dynamodb:DescribeTable",
        "sns:ListSubscriptionsByTopic",
    }
    # It receives no messages of the source queues, and purges, changes or deletes no queue.
    on_sources = next(one for one in STATEMENTS if one["Sid"] == "SendToSourceQueues")
    assert set(on_sources["Action"]) == {"sqs:GetQueueAttributes", "sqs:SendMessage"}
    assert not actions & {"sqs:PurgeQueue", "sqs:DeleteQueue", "sqs:SetQueueAttributes", "sqs:AddPermission"}


def test_its_resources_are_those_of_the_template():
    template = deployed()
    named = {resource.rsplit(":", 1)[1] for one in STATEMENTS for resource in as_list(one["Resource"]) if ":sqs:" in resource}
    # The prefix is empty by default.
    queues = {queue["QueueName"]["Fn::Sub"].removeprefix("${NamePrefix}") for queue in each_of_type(template, "AWS::SQS::Queue").values()}
    assert named and named <= queues
