"""SNS: filter policies, as a client sets them and as subscribers notice them.

The crate cloud-filter-policy has the table of all expressions. docs/AWS-COMPATIBILITY.md names these tests.
"""

import json

import pytest

SOURCE = "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: "


def receive(sqs, url, **arguments):
    arguments = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 20, **arguments}
    return [message["Body"] for message in sqs.receive_message(QueueUrl=url, **arguments).get("Messages", [])]


def text(value, kind="String"):
    return {"DataType": kind, "StringValue": value}


@pytest.fixture
def filtered(sns, sqs, topic, queue, subscribe):
    """Set a policy, publish messages, and return those that arrive. The last message of all arrives always."""
    arn = subscribe(RawMessageDelivery="true")
    put = lambda name, value: sns.set_subscription_attributes(
        SubscriptionArn=arn, AttributeName=name, AttributeValue=value
    )

    def run(policy, *messages, scope="MessageAttributes"):
        put("FilterPolicyScope", scope)
        put("FilterPolicy", json.dumps(policy))
        for message in messages:
            sns.publish(TopicArn=topic, **message)
        put("FilterPolicy", "")
        sns.publish(TopicArn=topic, Message="end")
        found = []
        while "end" not in found:
            found += receive(sqs, queue, VisibilityTimeout=30)
        return sorted(set(found) - {"end"})

    return run


def test_attributes(filtered):
    message = lambda name, **attributes: {"Message": name, "MessageAttributes": attributes}
    policy = {"kind": ["order", {"prefix": "refund-"}], "amount": [{"numeric": [">", 0.1, "<=", 100]}]}
    found = filtered(
        policy,
        message("order", kind=text("order"), amount=text("100.000", "Number")),
        message("refund", kind=text("refund-7"), amount=text("0.10000001", "Number")),
        message("bound", kind=text("order"), amount=text("0.1", "Number")),
        message("array", kind=text('["parcel", "order"]', "String.Array"), amount=text("1", "Number")),
        message("other", kind=text("parcel"), amount=text("1", "Number")),
        message("text", kind=text("order"), amount=text("1")),
        message("incomplete", kind=text("order")),
    )
    assert found == ["array", "order", "refund"]


def test_bodies(filtered):
    policy = {"order": {"lines": {"sku": [{"anything-but": {"prefix": "test-"}}], "count": [{"numeric": [">=", 2]}]}}}
    body = lambda *lines: {"Message": json.dumps({"order": {"lines": list(lines)}})}
    matching = body({"sku": "test-1", "count": 5}, {"sku": "a", "count": 2})
    found = filtered(
        policy,
        matching,
        # No line matches both keys.
        body({"sku": "test-1", "count": 5}, {"sku": "a", "count": 1}),
        {"Message": "no JSON"},
        scope="MessageBody",
    )
    assert found == [matching["Message"]]


def test_or(filtered):
    policy = {"$or": [{"a": ["1"]}, {"b": [{"exists": False}], "c": ["1"]}]}
    message = lambda name, **attributes: {"Message": name, "MessageAttributes": {k: text(v) for k, v in attributes.items()}}
    found = filtered(policy, message("first", a="1", b="1"), message("second", c="1"), message("neither", b="1", c="1"))
    assert found == ["first", "second"]


def test_scope(sns, subscribe, error):
    arn = subscribe()
    attributes = lambda: sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    put = dict(SubscriptionArn=arn)
    assert "FilterPolicyScope" not in attributes()
    nested = '{"object": {"key": [{"prefix": "auto-"}]}}'
    message = "Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy"
    wrong = error(sns.set_subscription_attributes, AttributeName="FilterPolicy", AttributeValue=nested, **put)
    assert wrong == ("InvalidParameter", message, 400)
    message = (
        "Invalid parameter: FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes"
    )
    wrong = error(sns.set_subscription_attributes, AttributeName="FilterPolicyScope", AttributeValue="RandomValue", **put)
    assert wrong == ("InvalidParameter", message, 400)
    sns.set_subscription_attributes(AttributeName="FilterPolicyScope", AttributeValue="MessageBody", **put)
    assert "FilterPolicyScope" not in attributes()
    sns.set_subscription_attributes(AttributeName="FilterPolicy", AttributeValue=nested, **put)
    assert (attributes()["FilterPolicyScope"], attributes()["FilterPolicy"]) == ("MessageBody", nested)
    sns.set_subscription_attributes(AttributeName="FilterPolicy", AttributeValue="", **put)
    assert "FilterPolicy" not in attributes()


@pytest.mark.parametrize(
    "policy, message",
    [
        ({"key": [["value"]]}, "Match value must be String, number, true, false, or null" + SOURCE + "11]"),
        ({"key": [{"anything-but": {"suffix": "t"}}]}, "Unsupported anything-but pattern: suffix" + SOURCE + "39]"),
        ({"key": [{"numeric": [">", 3, "<", 1]}]}, "Bottom must be less than top" + SOURCE + "38]"),
        ({"key": [f"v{n}" for n in range(151)]}, "Filter policy is too complex"),
        ({str(n): ["v"] for n in range(6)}, "Filter policy can not have more than 5 keys"),
    ],
)
def test_wrong_policies(sns, subscribe, error, policy, message):
    """Subscribe names its parameter, SetSubscriptionAttributes does not."""
    arn = subscribe()
    value = json.dumps(policy)
    wrong = error(sns.set_subscription_attributes, SubscriptionArn=arn, AttributeName="FilterPolicy", AttributeValue=value)
    assert wrong == ("InvalidParameter", "Invalid parameter: FilterPolicy: " + message, 400)
    sns.unsubscribe(SubscriptionArn=arn)
    wrong = error(subscribe, FilterPolicy=value)
    assert wrong == ("InvalidParameter", "Invalid parameter: Attributes Reason: FilterPolicy: " + message, 400)


def test_policies_that_are_no_json(sns, subscribe, error):
    put = dict(SubscriptionArn=subscribe(), AttributeValue="{invalidjson}")
    words = "failed to parse JSON. Unexpected character ('i' (code 105)): was expecting double-quote to start field name"
    wrong = error(sns.set_subscription_attributes, AttributeName="FilterPolicy", **put)
    assert wrong == ("InvalidParameter", "Invalid parameter: FilterPolicy: " + words + SOURCE + "2]", 400)
