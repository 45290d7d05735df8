"""SNS: topics, subscriptions, delivery into queues and the mailbox, and error codes."""

import json
import re
import urllib.request

import pytest


def receive(sqs, url, **arguments):
    arguments = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 20, "MessageAttributeNames": ["All"], **arguments}
    return sqs.receive_message(QueueUrl=url, **arguments).get("Messages", [])


def mailbox(endpoint, to):
    """Return all emails to an address. The mailbox is part of local-cloud, not of AWS."""
    after, found = 0, []
    while True:
        with urllib.request.urlopen(f"{endpoint}/_local/mail?after={after}&limit=1000") as answer:
            page = json.load(answer)
        if not page["mail"]:
            return found
        found += [mail for mail in page["mail"] if mail["to"] == to]
        after = page["next"]


def test_topic_lifecycle(sns, name, code):
    arn = sns.create_topic(Name=name, Attributes={"DisplayName": "Shop"})["TopicArn"]
    assert arn.endswith(":000000000000:" + name)
    assert sns.create_topic(Name=name)["TopicArn"] == arn
    assert code(sns.create_topic, Name=name, Attributes={"DisplayName": "Other"}) == "InvalidParameter"
    assert any(t["TopicArn"] == arn for p in sns.get_paginator("list_topics").paginate() for t in p["Topics"])
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="New")
    attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert attributes["DisplayName"] == "New"
    assert attributes["SubscriptionsConfirmed"] == "0"
    assert json.loads(attributes["Policy"])["Statement"]
    sns.delete_topic(TopicArn=arn)
    assert code(sns.get_topic_attributes, TopicArn=arn) == "NotFound"
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.publish(TopicArn=arn, Message="x")


def test_envelope_and_raw(sns, sqs, topic, queue, subscribe):
    subscription = subscribe()
    attributes = {"n": {"DataType": "Number", "StringValue": "1"}, "b": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
    published = sns.publish(TopicArn=topic, Message="<a> & b\r\n", Subject="Hi", MessageAttributes=attributes)
    (message,) = receive(sqs, queue)
    envelope = json.loads(message["Body"])
    assert envelope["MessageId"] == published["MessageId"]
    assert (envelope["Message"], envelope["Subject"]) == ("<a> & b\r\n", "Hi")
    assert envelope["MessageAttributes"] == {
        "n": {"Type": "Number", "Value": "1"},
        "b": {"Type": "Binary", "Value": "AP8="},
    }
    sns.set_subscription_attributes(
        SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true"
    )
    found = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert (found["RawMessageDelivery"], found["PendingConfirmation"]) == ("true", "false")
    sns.publish(TopicArn=topic, Message="raw", MessageAttributes=attributes)
    (message,) = receive(sqs, queue)
    assert (message["Body"], message["MessageAttributes"]) == ("raw", attributes)


def test_filter_policy(sns, sqs, topic, queue, subscribe, code):
    policy = {"kind": ["order", {"prefix": "refund-"}], "amount": [{"numeric": [">", 10]}]}
    subscription = subscribe(RawMessageDelivery="true", FilterPolicy=json.dumps(policy))

    def publish(text, **attributes):
        kinds = {str: "String", int: "Number"}
        attributes = {k: {"DataType": kinds[type(v)], "StringValue": str(v)} for k, v in attributes.items()}
        sns.publish(TopicArn=topic, Message=text, MessageAttributes=attributes)

    publish("no attributes")
    publish("small", kind="order", amount=10)
    publish("other", kind="parcel", amount=11)
    publish("order", kind="order", amount=11)
    publish("refund", kind="refund-1", amount=12)
    assert [m["Body"] for m in receive(sqs, queue)] == ["order", "refund"]
    wrong = dict(SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue='{"kind": "order"}')
    assert code(sns.set_subscription_attributes, **wrong) == "InvalidParameter"


def test_batch(sns, sqs, topic, queue, subscribe, code):
    subscribe(RawMessageDelivery="true")
    entries = [{"Id": str(n), "Message": f"m{n}"} for n in range(10)]
    entries[4]["Subject"] = "two\nlines"
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert len(answer["Successful"]) == 9
    assert [(f["Id"], f["Code"], f["SenderFault"]) for f in answer["Failed"]] == [("4", "InvalidParameter", True)]
    assert len(receive(sqs, queue)) == 9
    batch = lambda entries: code(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries)
    entry = lambda id, message="x": {"Id": id, "Message": message}
    assert batch([]) in ("EmptyBatchRequest", "EmptyBatchRequestException")
    assert batch([entry(str(n)) for n in range(11)]) == "TooManyEntriesInBatchRequest"
    assert batch([entry("a"), entry("a")]) == "BatchEntryIdsNotDistinct"
    assert batch([entry("a b")]) == "InvalidBatchEntryId"
    assert batch([entry("a", "x" * 140_000), entry("b", "x" * 140_000)]) == "BatchRequestTooLong"
    with pytest.raises(sns.exceptions.BatchEntryIdsNotDistinctException):
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[entry("a"), entry("a")])


def test_publish_errors(sns, topic, code):
    publish = lambda **arguments: code(sns.publish, **{"TopicArn": topic, "Message": "x", **arguments})
    assert publish(Message="") == "InvalidParameter"
    assert publish(Message="x" * 262_145) == "InvalidParameter"
    assert publish(TopicArn="junk") == "InvalidParameter"
    assert publish(MessageStructure="json", Message="{}") == "InvalidParameter"
    number = {"n": {"DataType": "Number", "StringValue": "x"}}
    assert publish(MessageAttributes=number) == "ParameterValueInvalid"


def test_email(sns, topic, name, endpoint, code):
    address = f"{name}@example.com"
    asked = sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
    assert asked["SubscriptionArn"] == "pending confirmation"
    (listed,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert listed["SubscriptionArn"] == "PendingConfirmation"
    sns.publish(TopicArn=topic, Message="not yet")
    (question,) = mailbox(endpoint, address)
    token = re.search(r"--token (\w+)", question["body"])[1]
    assert code(sns.confirm_subscription, TopicArn=topic, Token="wrong") == "InvalidParameter"
    arn = sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")["SubscriptionArn"]
    sns.publish(TopicArn=topic, Message="body\n", Subject="Order 1a2b")
    sns.publish(TopicArn=topic, Message="no subject")
    _, first, second = mailbox(endpoint, address)
    assert (first["subject"], first["body"], first["subscription_arn"]) == ("Order 1a2b", "body\n", arn)
    assert second["subject"] == "AWS Notification Message"
    link = f"{endpoint}/?Action=Unsubscribe&SubscriptionArn={arn}"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(link)
    assert refused.value.code == 403
    sns.unsubscribe(SubscriptionArn=arn)
    attributes = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (attributes["SubscriptionsConfirmed"], attributes["SubscriptionsDeleted"]) == ("0", "1")


def test_too_many_emails_suspend_the_subscription(sns, topic, name, endpoint):
    address = f"{name}@example.com"
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=address)
    (question,) = mailbox(endpoint, address)
    link = re.search(r"http\S+ConfirmSubscription\S+", question["body"])[0]
    urllib.request.urlopen(link).read()
    confirmed = lambda: sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsConfirmed"]
    assert confirmed() == "1"
    entries = [{"Id": str(n), "Message": "m"} for n in range(10)]
    published = 0
    # Two batches within one second are too many. Nobody can promise that any two are so close, so publish
    # until it happens.
    while confirmed() == "1" and published < 1000:
        sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
        published += len(entries)
    assert confirmed() == "0"
    with urllib.request.urlopen(f"{endpoint}/_local/subscriptions") as answer:
        (state,) = [s for s in json.load(answer)["subscriptions"] if s["endpoint"] == address]
    delivered = [mail for mail in mailbox(endpoint, address) if mail["kind"] == "notification"]
    assert published > len(delivered) >= 10
    assert (state["state"], state["peak_per_second"], state["undelivered"]) == ("suspended", 11, published - len(delivered))


def test_subscribe_errors(sns, topic, code):
    subscribe = lambda **arguments: code(sns.subscribe, **{"TopicArn": topic, **arguments})
    assert subscribe(Protocol="carrier-pigeon", Endpoint="x") == "InvalidParameter"
    assert subscribe(Protocol="sqs", Endpoint="http://x/queue") == "InvalidParameter"
    assert subscribe(Protocol="email", Endpoint="nobody") == "InvalidParameter"
    assert subscribe(TopicArn=topic + "none", Protocol="email", Endpoint="a@b.c") == "NotFound"
    assert code(sns.get_subscription_attributes, SubscriptionArn=topic + ":none") == "NotFound"


def test_undeliverable_goes_to_the_dead_letter_queue(sns, sqs, topic, queue, name, arn_of, let_sns_in):
    let_sns_in(queue)
    gone = sqs.create_queue(QueueName=name + "-gone")["QueueUrl"]
    policy = json.dumps({"deadLetterTargetArn": arn_of(queue)})
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn_of(gone),
        Attributes={"RedrivePolicy": policy, "RawMessageDelivery": "true"},
    )
    sqs.delete_queue(QueueUrl=gone)
    sns.publish(TopicArn=topic, Message="undeliverable")
    assert [m["Body"] for m in receive(sqs, queue)] == ["undeliverable"]
