"""The samples of events/ agree with each other and with AWS's shapes."""

import hashlib
import json
from decimal import Decimal
from pathlib import Path

import pytest
from deployed_template import each_of_type, source

EVENTS = Path(__file__).resolve().parents[2] / "events"
ORDER = json.loads((EVENTS / "order.json").read_text())
BATCHES = ["order-worker-batch.json", "notifier-batch.json"]


def load(name):
    return json.loads((EVENTS / name).read_text())


def computed_total(order):
    return sum(Decimal(item["unit_price"]) * item["quantity"] for item in order["items"])


@pytest.mark.parametrize("name", ["order.json", "order-jpy.json"])
def test_a_total_is_that_of_its_items(name):
    order = load(name)
    assert str(computed_total(order)) == order["total"]


@pytest.mark.parametrize("name", sorted(path.name for path in EVENTS.glob("*.json")))
def test_every_address_is_of_example_com(name):
    text = (EVENTS / name).read_text()
    assert text.count("@") == text.count("@example.com")


@pytest.mark.parametrize("name", sorted(path.name for path in EVENTS.glob("*.json")))
def test_the_readme_names_it(name):
    assert f"`{name}`" in (EVENTS / "README.md").read_text()


def test_the_post_has_the_sample_order():
    assert json.loads(load("order-api-post.json")["body"]) == ORDER


def test_the_batch_request_has_the_sample_orders():
    batch = load("orders-batch.json")
    assert [entry["order"] for entry in batch["entries"]] == [ORDER, load("order-minimal.json"), load("order-invalid.json")]
    assert json.loads(load("order-api-batch.json")["body"]) == batch


def test_the_list_is_that_of_the_sample_customer():
    parameters = load("order-api-list.json")["multiValueQueryStringParameters"]
    assert parameters["customer_id"] == [ORDER["customer"]["id"]]


@pytest.mark.parametrize("name", [path.name for path in EVENTS.glob("order-api-*.json")])
def test_a_request_is_one_that_the_gateway_routes(name):
    event = load(name)
    context = event["requestContext"]
    events = source()["Resources"]["OrderApiFunction"]["Properties"]["Events"].values()
    assert event["resource"] == context["resourcePath"]
    assert event["resource"] in {e["Properties"]["Path"] for e in events}
    assert event["resource"].format(**(event["pathParameters"] or {})) == event["path"]
    assert context["path"] == f"/{context['stage']}{event['path']}"
    assert event["httpMethod"] == context["httpMethod"]
    assert event["multiValueHeaders"] == {name: [value] for name, value in event["headers"].items()}


@pytest.mark.parametrize("name", BATCHES)
def test_a_record_is_as_sqs_delivers_it(name):
    records = load(name)["Records"]
    assert len({record["messageId"] for record in records}) == len(records)
    for record in records:
        assert record["md5OfBody"] == hashlib.md5(record["body"].encode()).hexdigest()
        assert record["eventSource"] == "aws:sqs"


def test_the_workers_batch_holds_an_order_and_a_poison():
    good, poison = load("order-worker-batch.json")["Records"]
    assert json.loads(good["body"])["order"] == ORDER
    with pytest.raises(json.JSONDecodeError):
        json.loads(poison["body"])


def test_the_get_reads_what_the_worker_stores():
    stored = json.loads(load("order-worker-batch.json")["Records"][0]["body"])["order_id"]
    assert load("order-api-get.json")["pathParameters"] == {"id": stored}


def test_a_notification_is_a_cloud_event():
    for record in load("notifier-batch.json")["Records"]:
        event = json.loads(record["body"])
        assert event["specversion"] == "1.0"
        assert event["type"] == "orders.order.confirmed.v1"
        assert event["id"] and event["source"]


def test_records_come_from_the_queues_of_the_template():
    queues = {queue["QueueName"]["Fn::Sub"] for queue in each_of_type(source(), "AWS::SQS::Queue").values()}
    for name in BATCHES:
        for record in load(name)["Records"]:
            assert "${NamePrefix}" + record["eventSourceARN"].rsplit(":", 1)[1] in queues
