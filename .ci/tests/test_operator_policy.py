"""docs/operator-policy.json: valid, with no more rights than it needs, on resources of the template."""

import json
import re
from pathlib import Path

import parliament
from deployed_template import deployed, each_of_type

POLICY = (Path(__file__).resolve().parents[2] / "docs" / "operator-policy.json").read_text()
RUNBOOK = (Path(__file__).resolve().parents[2] / "docs" / "OPERATIONS.md").read_text()
STATEMENTS = json.loads(POLICY)["Statement"]


def as_list(value):
    return value if isinstance(value, list) else [value]


def test_parliament_finds_nothing():
    assert parliament.analyze_policy_string(POLICY).findings == []


LETTERS = {"sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"}
MOVES = {"sqs:SendMessage", "sqs:DeleteMessage", "sqs:StartMessageMoveTask", "sqs:ListMessageMoveTasks", "sqs:CancelMessageMoveTask"}
STATUS = {"sqs:GetQueueAttributes", "sns:ListSubscriptionsByTopic", "dynamodb:DescribeTable"}
EMAILS = {"sns:Publish", "sns:GetTopicAttributes"}
API = {"execute-api:Invoke"}
# The actions that each command of the runbook needs on AWS. All of orderctl read the stack. sts:GetCallerIdentity needs no right.
COMMANDS = {
    "orderctl dlq list": LETTERS,
    "orderctl dlq show": LETTERS | {"dynamodb:BatchGetItem"},
    "orderctl dlq replay": LETTERS | MOVES | EMAILS | {"dynamodb:BatchGetItem", "dynamodb:DeleteItem"},
    "orderctl dlq purge": LETTERS | {"sqs:DeleteMessage"},
    "orderctl status": STATUS,
    "orderctl top": STATUS,
    "orderctl place": API,
    "orderctl get": API | LETTERS,
    "orderctl cancel": API,
    "orderctl export": API,
    "orderctl trace": API | LETTERS | STATUS | {"logs:StartQuery", "logs:GetQueryResults"},
    "orderctl console": STATUS | LETTERS | MOVES | EMAILS | API | {"dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:Scan"},
    "aws sns list-subscriptions-by-topic": {"sns:ListSubscriptionsByTopic"},
    "aws sns confirm-subscription": {"sns:ConfirmSubscription"},
    "aws sns get-topic-attributes": {"sns:GetTopicAttributes"},
    "aws logs tail": {"logs:FilterLogEvents"},
}
# These work on the system of this machine only.
LOCAL = {"orderctl faults"}
# These need docs/erasure-policy.json: who replays dead letters may not erase orders.
ERASING = {"orderctl erase"}
# An administrator of the account does this, with rights of his own: who replays dead letters may not make API keys.
ADMINISTRATION = {"aws apigateway create-api-key", "aws apigateway create-usage-plan-key", "aws iam get-role"}


def commands_of_the_runbook():
    """The commands in blocks and between backticks, without options that stand before the command."""
    lines = re.findall(r"^    ((?:orderctl|aws) .*)$|`((?:orderctl|aws) [^`]+)`", RUNBOOK, re.MULTILINE)
    for line in (block or span for block, span in lines):
        line = re.sub(r" --[\w-]+ [\w_-]+(?= (?:--|dlq|get|place))", "", line)
        words = line.split()
        depth = 3 if words[0] == "aws" or words[1] == "dlq" else 2
        yield " ".join(words[:depth])


def test_the_policy_allows_what_the_commands_of_the_runbook_need_and_nothing_else():
    shown = set(commands_of_the_runbook()) - LOCAL - ERASING - ADMINISTRATION
    assert shown == COMMANDS.keys()
    needed = set().union(*COMMANDS.values()) | {"cloudformation:DescribeStacks"}
    assert needed == {action for one in STATEMENTS for action in as_list(one["Action"])}


def test_it_publishes_emails_only():
    topics = [as_list(one["Resource"]) for one in STATEMENTS if "sns:Publish" in as_list(one["Action"])]
    assert topics == [["arn:aws:sns:us-east-1:123456789012:order-emails"]]


def test_it_changes_nothing_but_messages_and_orders():
    actions = {action for one in STATEMENTS for action in as_list(one["Action"])}
    assert not [action for action in actions if "*" in action]
    writes = MOVES | {"sqs:ChangeMessageVisibility", "execute-api:Invoke", "sns:ConfirmSubscription", "sns:Publish", "dynamodb:DeleteItem"}
    reads = re.compile(r"\w+:(Get|List|Describe|BatchGet|Receive|Filter|Scan$|StartQuery$)")
    assert not [action for action in actions - writes if not reads.match(action)]
    # It deletes marks of failed orders.
    tables = [as_list(one["Resource"]) for one in STATEMENTS if "dynamodb:DeleteItem" in as_list(one["Action"])]
    assert tables == [["arn:aws:dynamodb:us-east-1:123456789012:table/order-claims"]]
    # It receives no messages of the source queues, and purges, changes or deletes no queue.
    on_sources = next(one for one in STATEMENTS if one["Sid"] == "SendToSourceQueues")
    assert set(on_sources["Action"]) == {"sqs:GetQueueAttributes", "sqs:SendMessage"}


def test_its_resources_are_those_of_the_template():
    template = deployed()
    named = {resource.rsplit(":", 1)[1] for one in STATEMENTS for resource in as_list(one["Resource"]) if ":sqs:" in resource}
    # The prefix is empty by default.
    queues = {queue["QueueName"]["Fn::Sub"].removeprefix("${NamePrefix}") for queue in each_of_type(template, "AWS::SQS::Queue").values()}
    assert named and named <= queues
