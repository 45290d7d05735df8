"""Each function that `sam build` made, invoked with the samples of events/ as Lambda would invoke it."""

import json
import re

import boto3
import pytest
from conftest import BUILT, ROOT, TEMPLATE, until

FUNCTIONS = [name for name, one in TEMPLATE["Resources"].items() if one["Type"] == "AWS::Serverless::Function"]
# Of provided.al2023, the functions' runtime.
GLIBC = (2, 34)


def event(name):
    return json.loads((ROOT / "events" / name).read_text())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_runs_on_lambdas_own_system(function):
    """A program asks for versions of the C library's symbols by name; a later one than the runtime's would not start."""
    program = (BUILT / function / "bootstrap").read_bytes()
    versions = {tuple(map(int, found.split(b"."))) for found in re.findall(rb"GLIBC_(2\.\d+)", program)}
    assert versions
    assert max(versions) <= GLIBC


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_is_small(function):
    """A cold start reads all of it: symbols that were not stripped, or a dependency that doubles it, should be noticed."""
    assert (BUILT / function / "bootstrap").stat().st_size < 20_000_000


def test_a_posted_order_is_accepted(invoke):
    answer = invoke("OrderApiFunction", event("order-api-post.json"))
    assert answer["statusCode"] == 202, answer
    assert json.loads(answer["body"])["total"] == "64.60"


def test_a_batch_confirms_the_order_and_buries_the_poison(invoke, cloud):
    good, _ = event("order-worker-batch.json")["Records"]
    assert invoke("OrderWorkerFunction", event("order-worker-batch.json")) == {"batchItemFailures": []}
    answer = invoke("OrderApiFunction", event("order-api-get.json"))
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["order_id"] == json.loads(good["body"])["order_id"]

    sqs = boto3.client("sqs", endpoint_url=cloud["endpoint"], region_name="us-east-1", aws_access_key_id="ci", aws_secret_access_key="ci")
    queue = cloud["outputs"]["OrdersDlqUrl"]

    def letters():
        return sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"], WaitTimeSeconds=1).get("Messages")

    (letter,) = until("the poison's letter", 60, letters)
    assert letter["MessageAttributes"]["error_code"]["StringValue"] == "malformed"


def test_a_notification_is_told_of_and_one_without_a_row_waits(invoke):
    """The batch's first order was stored by the test above. The second never was: it is not told of, and tried again."""
    _, without_row = event("notifier-batch.json")["Records"]
    answer = invoke("NotifierFunction", event("notifier-batch.json"))
    assert answer == {"batchItemFailures": [{"itemIdentifier": without_row["messageId"]}]}
    order = json.loads(invoke("OrderApiFunction", event("order-api-get.json"))["body"])
    assert order["status"] == "notified"
