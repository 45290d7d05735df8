"""Each function that `sam build` built, invoked with the samples of events/ as Lambda invokes it."""

import json
import re
import time

import boto3
import pytest
from conftest import BUILT, ROOT, TEMPLATE, until

FUNCTIONS = [name for name, one in TEMPLATE["Resources"].items() if one["Type"] == "AWS::Serverless::Function"]
# The version of provided.al2023, the runtime of the functions.
GLIBC = (2, 34)


def event(name):
    return json.loads((ROOT / "events" / name).read_text())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_needs_no_newer_c_library_than_lambda_has(function):
    """A program names the versions of the symbols that it needs. With a newer one than the runtime has it does not start."""
    program = (BUILT / function / "bootstrap").read_bytes()
    versions = {tuple(map(int, found.split(b"."))) for found in re.findall(rb"GLIBC_(2\.\d+)", program)}
    assert versions
    assert max(versions) <= GLIBC


@pytest.mark.parametrize("function", FUNCTIONS)
def test_it_is_small(function):
    """A cold start reads all of it. Symbols that were not stripped, or a large dependency, must be noticed."""
    assert (BUILT / function / "bootstrap").stat().st_size < 20_000_000


def test_a_posted_order_is_accepted(invoke):
    answer = invoke("OrderApiFunction", event("order-api-post.json"))
    assert answer["statusCode"] == 202, answer
    assert json.loads(answer["body"])["total"] == "64.60"


def test_a_batch_confirms_the_order_and_dead_letters_the_poison(invoke, cloud):
    good, _ = event("order-worker-batch.json")["Records"]
    assert invoke("OrderWorkerFunction", event("order-worker-batch.json")) == {"batchItemFailures": []}
    answer = invoke("OrderApiFunction", event("order-api-get.json"))
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["order_id"] == json.loads(good["body"])["order_id"]

    sqs = boto3.client("sqs", endpoint_url=cloud["endpoint"], region_name="us-east-1", aws_access_key_id="ci", aws_secret_access_key="ci")
    queue = cloud["outputs"]["OrdersDlqUrl"]

    def dead_letters():
        return sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"], WaitTimeSeconds=1).get("Messages")

    (dead_letter,) = until("the dead letter of the poison", 60, dead_letters)
    assert dead_letter["MessageAttributes"]["error_code"]["StringValue"] == "malformed"


def test_an_order_is_notified_and_one_without_a_row_is_retried(invoke, cloud):
    """The test above stored the first order of the batch. The second order has no row: its message is sent again."""
    batch = event("notifier-batch.json")
    for record in batch["Records"]:
        # A message that is older than a day is not retried.
        record["attributes"]["SentTimestamp"] = str(int(time.time() * 1000))
    assert invoke("NotifierFunction", batch) == {"batchItemFailures": []}
    order = json.loads(invoke("OrderApiFunction", event("order-api-get.json"))["body"])
    assert order["status"] == "notified"

    sqs = boto3.client("sqs", endpoint_url=cloud["endpoint"], region_name="us-east-1", aws_access_key_id="ci", aws_secret_access_key="ci")
    queues = [sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in ("notifications", "notifications-retry")]

    def messages():
        counts = [sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"] for queue in queues]
        return sum(int(number) for one in counts for name, number in one.items() if name.startswith("ApproximateNumberOfMessages"))

    until("the message that is retried", 60, lambda: messages() == 1)
