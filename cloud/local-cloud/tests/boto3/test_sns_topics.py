"""SNS: topics and subscriptions, their attributes, tags, permissions, pages and errors, in the words recorded on AWS.

docs/AWS-COMPATIBILITY.md names these tests.
"""

import json

import pytest

INVALID = "InvalidParameter"
REASON = "Invalid parameter: Attributes Reason: "
ROOT = "arn:aws:iam::000000000000:root"


def attributes(sns, arn):
    return sns.get_topic_attributes(TopicArn=arn)["Attributes"]


def tags(sns, arn):
    return {tag["Key"]: tag["Value"] for tag in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]}


def tag(**values):
    return [{"Key": key, "Value": value} for key, value in values.items()]


# Topics


def test_default_attributes(sns, topic):
    found = attributes(sns, topic)
    assert json.loads(found.pop("EffectiveDeliveryPolicy")) == {
        "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 20,
                "maxDelayTarget": 20,
                "numRetries": 3,
                "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0,
                "numMinDelayRetries": 0,
                "backoffFunction": "linear",
            },
            "disableSubscriptionOverrides": False,
            "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
        }
    }
    policy = json.loads(found.pop("Policy"))
    assert (policy["Id"], policy["Statement"][0]["Resource"]) == ("__default_policy_ID", topic)
    assert found == {
        "DisplayName": "",
        "Owner": "000000000000",
        "SubscriptionsConfirmed": "0",
        "SubscriptionsDeleted": "0",
        "SubscriptionsPending": "0",
        "TopicArn": topic,
    }


def test_create_again(sns, topic, name, error):
    assert sns.create_topic(Name=name)["TopicArn"] == topic
    wrong = error(sns.create_topic, Name=name, Attributes={"DisplayName": "x"})
    assert wrong == (INVALID, REASON + "Topic already exists with different attributes", 400)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="x")
    assert sns.create_topic(Name=name, Attributes={"DisplayName": "x"})["TopicArn"] == topic


@pytest.mark.parametrize("wrong_name", ["", "x" * 257, "a:b", "a;b", "a!", "a@", "a|", "a^", "a%", "a b", "a.fifo"])
def test_names(sns, error, wrong_name):
    assert error(sns.create_topic, Name=wrong_name) == (INVALID, "Invalid parameter: Topic Name", 400)


def test_the_longest_name(sns):
    sns.delete_topic(TopicArn=sns.create_topic(Name="x" * 256)["TopicArn"])


def test_fifo_topics(sns, name, topic, error):
    """AWS answers so where it has no FIFO topics."""
    wrong = error(sns.create_topic, Name=name + ".fifo", Attributes={"FifoTopic": "true"})
    assert wrong == (INVALID, REASON + "Unknown attribute FifoTopic", 400)
    assert sns.create_topic(Name=name, Attributes={"FifoTopic": "false"})["TopicArn"] == topic
    assert "FifoTopic" not in attributes(sns, topic)


def test_wrong_attributes(sns, topic, name, error):
    assert error(sns.create_topic, Name=name + "2", Attributes={"FifoQueue": "false"})[:2] == (
        INVALID,
        REASON + "Unknown attribute FifoQueue",
    )
    put = lambda name, value: error(sns.set_topic_attributes, TopicArn=topic, AttributeName=name, AttributeValue=value)
    assert put("FifoTopic", "false") == (INVALID, "Invalid parameter: AttributeName", 400)
    assert put("SignatureVersion", "3")[0] == INVALID
    assert put("Policy", "{")[0] == INVALID


def test_delivery_policies(sns, topic, error):
    put = lambda value: sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=value)
    retries = {"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1}
    put(json.dumps({"http": {"defaultHealthyRetryPolicy": retries}}))
    found = attributes(sns, topic)
    assert json.loads(found["DeliveryPolicy"]) == {
        "http": {"defaultHealthyRetryPolicy": retries, "disableSubscriptionOverrides": False}
    }
    effective = json.loads(found["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]
    assert (effective["minDelayTarget"], effective["numMaxDelayRetries"], effective["backoffFunction"]) == (5, 0, "linear")
    put(json.dumps({"http": {"defaultHealthyRetryPolicy": None}}))
    assert json.loads(attributes(sns, topic)["DeliveryPolicy"]) == {"http": {"disableSubscriptionOverrides": False}}
    put("")
    assert "DeliveryPolicy" not in attributes(sns, topic)
    wrong = dict(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue='{"http": {"x": 1}}')
    assert error(sns.set_topic_attributes, **wrong)[0] == INVALID


def test_arns(sns, topic, error):
    arn = lambda parts: f"Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not {parts}"
    calls = [
        lambda **a: error(sns.publish, Message="m", **a),
        lambda **a: error(sns.subscribe, Protocol="email", Endpoint="a@example.com", **a),
        lambda **a: error(sns.get_topic_attributes, **a),
        lambda **a: error(sns.list_subscriptions_by_topic, **a),
        lambda **a: error(sns.delete_topic, **a),
    ]
    for call in calls:
        assert call(TopicArn="randomstring") == (INVALID, arn(1), 400)
        assert call(TopicArn="randomstring:1") == (INVALID, arn(2), 400)
        assert call(TopicArn=topic.replace("us-east-1", "us-west-2")) == (INVALID, "Invalid parameter: TopicArn", 400)
        foreign = topic.replace("000000000000", "111111111111")
        code, message, status = call(TopicArn=foreign)
        assert (code, status) == ("AuthorizationError", 403)
        assert f"is not authorized to perform: SNS:" in message and foreign in message
    for call in calls[:4]:
        assert call(TopicArn=topic + "none") == ("NotFound", "Topic does not exist", 404)
    # Deleting is idempotent.
    sns.delete_topic(TopicArn=topic + "none")


def test_publish_targets(sns, topic, error):
    sns.publish(TargetArn=topic, Message="m")
    endpoint = topic.rsplit(":", 1)[0] + ":endpoint/APNS/PushNotification/1"
    message = "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"
    assert error(sns.publish, TargetArn=endpoint, Message="m") == (INVALID, message, 400)
    assert error(sns.publish, PhoneNumber="+12065550100", Message="m")[0] == INVALID


# Tags and permissions


def test_tags(sns, topic, error):
    sns.tag_resource(ResourceArn=topic, Tags=tag(k1="v1", k2="v2"))
    assert tags(sns, topic) == {"k1": "v1", "k2": "v2"}
    sns.tag_resource(ResourceArn=topic, Tags=tag(k2="v2b"))
    sns.untag_resource(ResourceArn=topic, TagKeys=["k1", "none"])
    assert tags(sns, topic) == {"k2": "v2b"}
    twice = tag(a="1") + tag(a="2")
    duplicated = (INVALID, "Invalid parameter: Duplicated keys are not allowed.", 400)
    assert error(sns.tag_resource, ResourceArn=topic, Tags=twice) == duplicated
    missing = ("ResourceNotFound", "Resource does not exist", 404)
    assert error(sns.list_tags_for_resource, ResourceArn=topic + "none") == missing
    assert error(sns.tag_resource, ResourceArn=topic + "none", Tags=tag(a="1")) == missing
    many = tag(**{f"k{n}": "v" for n in range(51)})
    message = "Could not complete request: tag quota of per resource exceeded"
    assert error(sns.tag_resource, ResourceArn=topic, Tags=many) == ("TagLimitExceeded", message, 400)


def test_create_with_tags(sns, name, error):
    create = lambda **values: sns.create_topic(Name=name, Tags=tag(**values))["TopicArn"]
    arn = create(a="1", b="2")
    assert tags(sns, arn) == {"a": "1", "b": "2"}
    assert create(b="2", a="1") == create(a="1") == create() == arn
    message = "Invalid parameter: Tags Reason: Topic already exists with different tags"
    for other in ({"a": "2"}, {"a": "1", "c": "3"}):
        assert error(sns.create_topic, Name=name, Tags=tag(**other)) == (INVALID, message, 400)
    sns.delete_topic(TopicArn=arn)
    assert tags(sns, create(a="2")) == {"a": "2"}
    sns.delete_topic(TopicArn=arn)


def test_permissions(sns, topic, error):
    statements = lambda: json.loads(attributes(sns, topic)["Policy"])["Statement"]
    add = dict(TopicArn=topic, Label="l", AWSAccountId=["000000000000"], ActionName=["Publish"])
    sns.add_permission(**add)
    assert statements()[1:] == [
        {"Sid": "l", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "SNS:Publish", "Resource": topic}
    ]
    exists = (INVALID, "Invalid parameter: Statement already exists", 400)
    assert error(sns.add_permission, **add) == exists
    several = {**add, "Label": "m", "AWSAccountId": ["000000000000", "111111111111"], "ActionName": ["Publish", "Subscribe"]}
    sns.add_permission(**several)
    assert statements()[2]["Action"] == ["SNS:Publish", "SNS:Subscribe"]
    assert len(statements()[2]["Principal"]["AWS"]) == 2
    scope = (INVALID, "Invalid parameter: Policy statement action out of service scope!", 400)
    assert error(sns.add_permission, **{**add, "Label": "n", "ActionName": ["NotValid"]}) == scope
    sns.remove_permission(TopicArn=topic, Label="l")
    sns.remove_permission(TopicArn=topic, Label="none")
    assert [statement["Sid"] for statement in statements()] == ["__default_statement_ID", "m"]


# Subscriptions


def test_subscription_attributes(sns, topic, queue, subscribe, arn_of):
    arn = subscribe(RawMessageDelivery="True")
    assert sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"] == {
        "ConfirmationWasAuthenticated": "true",
        "Endpoint": arn_of(queue),
        "Owner": "000000000000",
        "PendingConfirmation": "false",
        "Protocol": "sqs",
        "RawMessageDelivery": "true",
        "SubscriptionArn": arn,
        "SubscriptionPrincipal": ROOT,
        "TopicArn": topic,
    }
    missing = dict(SubscriptionArn=topic + ":00000000-0000-0000-0000-000000000000")
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.get_subscription_attributes(**missing)


def test_wrong_subscription_attributes(sns, subscribe, error):
    arn = subscribe()
    put = lambda name, value: error(
        sns.set_subscription_attributes, SubscriptionArn=arn, AttributeName=name, AttributeValue=value
    )
    assert put("FakeAttribute", "x") == (INVALID, "Invalid parameter: AttributeName", 400)
    raw = "Invalid parameter: RawMessageDelivery: Invalid value [{}]. Must be true or false."
    assert put("RawMessageDelivery", "test-ValUe") == (INVALID, raw.format("test-ValUe"), 400)
    assert put("RawMessageDelivery", "") == (INVALID, raw.format(""), 400)
    wrong_arn = (INVALID, "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn", 400)
    assert put("RedrivePolicy", '{"deadLetterTargetArn": "fake-arn"}') == wrong_arn
    letters = "arn:aws:sqs:us-east-1:000000000000:q"
    unknown = (INVALID, "Invalid parameter: RedrivePolicy: invalid JSON. Attribute maxReceiveCount is unknown.", 400)
    assert put("RedrivePolicy", json.dumps({"deadLetterTargetArn": letters, "maxReceiveCount": 5})) == unknown
    message = REASON + "RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false."
    sns.unsubscribe(SubscriptionArn=arn)
    assert error(subscribe, RawMessageDelivery="wrongvalue") == (INVALID, message, 400)


def test_subscribe_again(subscribe, error):
    arn = subscribe(RawMessageDelivery="true")
    assert subscribe(RawMessageDelivery="true") == subscribe() == arn
    message = REASON + "Subscription already exists with different attributes"
    assert error(subscribe, RawMessageDelivery="false") == (INVALID, message, 400)


def test_subscribing_refuses(sns, topic, error):
    subscribe = lambda protocol, endpoint: error(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=endpoint)
    protocol = "Invalid parameter: Amazon SNS does not support this protocol string: test-protocol"
    assert subscribe("test-protocol", "x") == (INVALID, protocol, 400)
    assert subscribe("sqs", "http://127.0.0.1/000000000000/q") == (INVALID, "Invalid parameter: SQS endpoint ARN", 400)
    fifo = (
        "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics"
    )
    assert subscribe("sqs", "arn:aws:sqs:us-east-1:000000000000:q.fifo") == (INVALID, fifo, 400)
    for unsupported in ("sms", "application", "lambda", "firehose", "email-json"):
        assert subscribe(unsupported, "+12065550100")[0] == INVALID


def test_unsubscribe(sns, topic, subscribe, error):
    arn = subscribe()
    sns.unsubscribe(SubscriptionArn=arn)
    sns.unsubscribe(SubscriptionArn=arn)
    words = "Invalid parameter: SubscriptionArn Reason: "
    unsubscribe = lambda arn: error(sns.unsubscribe, SubscriptionArn=arn)
    assert unsubscribe("randomstring") == (INVALID, words + "An ARN must have at least 6 elements, not 1", 400)
    assert unsubscribe("arn:aws:sns:us-east-1:random") == (INVALID, words + "An ARN must have at least 6 elements, not 5", 400)
    assert unsubscribe(topic) == (INVALID, "Invalid parameter: SubscriptionId", 400)


def test_confirm_errors(sns, topic, error):
    confirm = lambda token, arn=topic: error(sns.confirm_subscription, TopicArn=arn, Token=token)
    assert confirm("randomtoken") == (INVALID, "Invalid token", 400)
    assert confirm("ab" * 144) == (INVALID, "Invalid parameter: Token", 400)
    assert confirm("ab" * 144, topic + "none") == (INVALID, "Invalid parameter: Token", 400)
    assert confirm("ab" * 144, topic.replace("us-east-1", "us-west-2")) == (INVALID, "Invalid parameter: Topic", 400)
    assert confirm("ab" * 144, "randomstring") == (INVALID, "Invalid parameter: Topic", 400)


def test_pages_of_subscriptions(sns, topic):
    for n in range(101):
        queue = f"arn:aws:sqs:us-east-1:000000000000:page-{n}"
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    first = sns.list_subscriptions_by_topic(TopicArn=topic)
    assert len(first["Subscriptions"]) == 100
    second = sns.list_subscriptions_by_topic(TopicArn=topic, NextToken=first["NextToken"])
    assert len(second["Subscriptions"]) == 1
    assert "NextToken" not in second
    pages = sns.get_paginator("list_subscriptions").paginate()
    assert sum(s["TopicArn"] == topic for page in pages for s in page["Subscriptions"]) == 101


def test_pages_of_topics(sns, name):
    arns = {sns.create_topic(Name=f"{name}-{n}")["TopicArn"] for n in range(101)}
    found = [t["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for t in page["Topics"]]
    assert arns <= set(found)
    for arn in arns:
        sns.delete_topic(TopicArn=arn)
