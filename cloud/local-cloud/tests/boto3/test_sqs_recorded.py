"""SQS: answers as they were recorded on AWS by public suites, code, words and HTTP status.

docs/AWS-COMPATIBILITY.md names these tests. The file also runs with boto3 1.26, which speaks the Query protocol.
"""

import json
import threading

import pytest

INVALID = "InvalidParameterValue"
PREFIX = "AWS.SimpleQueueService."
TRACE = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"


def text(value):
    return {"DataType": "String", "StringValue": value}


def receive_one(sqs, url, **arguments):
    (message,) = sqs.receive_message(QueueUrl=url, **{"WaitTimeSeconds": 20, **arguments})["Messages"]
    return message


def attributes(sqs, url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names)).get("Attributes", {})


# Messages and their attributes


@pytest.mark.parametrize(
    "wanted, names",
    [
        ([], set()),
        (["All"], {"Help.Me", "Hello", "General"}),
        (["*"], {"Help.Me", "Hello", "General"}),
        ([".*"], {"Help.Me", "Hello", "General"}),
        (["Foo", "Help"], set()),
        (["Foo", "Hello"], {"Hello"}),
        (["Hel.*"], {"Help.Me", "Hello"}),
        (["AWS."], set()),
        (["..foo"], set()),
    ],
)
def test_message_attribute_names(sqs, queue, wanted, names):
    of = {"Help.Me": text("Me"), "Hello": text("There"), "General": text("Kenobi")}
    sqs.send_message(QueueUrl=queue, MessageBody="msg", MessageAttributes=of)
    message = receive_one(sqs, queue, MessageAttributeNames=wanted)
    assert message.get("MessageAttributes", {}).keys() == names
    assert ("MD5OfMessageAttributes" in message) == bool(names)


def test_system_attribute_names(sqs, queue, speaks_query):
    sqs.send_message(QueueUrl=queue, MessageBody="msg")
    all_names = {"SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"}
    message = receive_one(sqs, queue, AttributeNames=["All"], VisibilityTimeout=0)
    assert message["Attributes"].keys() == all_names
    message = receive_one(sqs, queue, AttributeNames=["SenderId", "SequenceNumber"], VisibilityTimeout=0)
    assert message["Attributes"].keys() == {"SenderId"}
    if not speaks_query:
        message = receive_one(sqs, queue, AttributeNames=["SenderId"], MessageSystemAttributeNames=["All"])
        assert message["Attributes"].keys() == all_names


def test_attribute_names_beyond_ascii(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes={"attr.1øßä": text("valid")})
    message = receive_one(sqs, queue, MessageAttributeNames=["All"])
    assert message["MessageAttributes"] == {"attr.1øßä": text("valid")}


@pytest.mark.parametrize("attribute", ["aWs.x", "AMAZON.x", ".x", "x.", "x..y", "a!b", 'a"b', "a§b", "a(b", "a?b", "L" * 257])
def test_wrong_attribute_names(sqs, queue, code, attribute):
    assert code(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageAttributes={attribute: text("v")}) == INVALID


@pytest.mark.parametrize(
    "attribute, message",
    [
        (text(""), "Message (user) attribute 'a' must contain a non-empty value of type 'String'."),
        ({"DataType": "Number", "StringValue": "x"}, "Can't cast the value of message (user) attribute 'a' to a number."),
        (
            {"DataType": "Text", "StringValue": "x"},
            "The type of message (user) attribute 'a' is invalid. You must use only the following supported type prefixes: "
            "Binary, Number, String.",
        ),
        (
            {"DataType": "Number." + "L" * 256, "StringValue": "1"},
            "Message (user) attribute type must be shorter than 256 bytes.",
        ),
    ],
)
def test_wrong_attribute_values(sqs, queue, error, attribute, message):
    sent = error(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageAttributes={"a": attribute})
    assert sent == (INVALID, message, 400)


def test_control_characters(sqs, queue, code):
    assert code(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageAttributes={"a": text("\x08")}) == INVALID
    assert code(sqs.send_message, QueueUrl=queue, MessageBody="\x08") == "InvalidMessageContents"
    body = '"&quot;\r\n\t <&> ☃'
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    assert receive_one(sqs, queue)["Body"] == body


def test_empty_message(sqs, queue, error):
    found = error(sqs.send_message, QueueUrl=queue, MessageBody="")
    assert found == ("MissingParameter", "The request must contain the parameter MessageBody.", 400)


def test_digests(sqs, queue):
    number = {"timestamp": {"DataType": "Number", "StringValue": "1493147359900"}}
    trace = {"AWSTraceHeader": text("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1")}
    sent = sqs.send_message(QueueUrl=queue, MessageBody="test", MessageAttributes=number, MessageSystemAttributes=trace)
    assert sent["MD5OfMessageBody"] == "098f6bcd4621d373cade4e832627b4f6"
    assert sent["MD5OfMessageAttributes"] == "235c5c510d26fb653d073faed50ae77c"
    assert sent["MD5OfMessageSystemAttributes"] == "5ae4d5d7636402d80f4eb6d213245a88"


def test_message_group_id(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="message", MessageGroupId="test")
    assert receive_one(sqs, queue, AttributeNames=["All"])["Attributes"]["MessageGroupId"] == "test"


@pytest.mark.parametrize("group", ["", "a" * 129, "group 123"])
def test_wrong_message_group_id(sqs, queue, error, group):
    assert error(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageGroupId=group) == (
        INVALID,
        f"Value {group} for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and "
        "punctuation characters. 1 to 128 in length.",
        400,
    )


def test_fair_delivery(sqs, queue):
    for _ in range(3):
        entries = [{"Id": str(n), "MessageBody": "flood", "MessageGroupId": "noisy"} for n in range(10)]
        sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert len(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]) == 10
    sqs.send_message(QueueUrl=queue, MessageBody="quiet", MessageGroupId="quiet")
    assert receive_one(sqs, queue)["Body"] == "quiet"


@pytest.fixture
def traced(sqs):
    """Add the header X-Amzn-Trace-Id to the calls that send."""

    def add(request, **_):
        request.headers["X-Amzn-Trace-Id"] = TRACE

    events = ["before-send.sqs.SendMessage", "before-send.sqs.SendMessageBatch"]
    for event in events:
        sqs.meta.events.register(event, add)
    yield
    for event in events:
        sqs.meta.events.unregister(event, add)


def test_trace_header(sqs, queue, traced):
    sqs.send_message(QueueUrl=queue, MessageBody="a")
    sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": "b", "MessageBody": "b"}])
    sqs.send_message(QueueUrl=queue, MessageBody="c", MessageSystemAttributes={"AWSTraceHeader": text("own")})
    names = ["AWSTraceHeader"]
    found = [receive_one(sqs, queue, AttributeNames=names)["Attributes"]["AWSTraceHeader"] for _ in range(3)]
    assert found == [TRACE, TRACE, "own"]


def test_dead_letters_keep_their_attributes(sqs, queue, name, arn_of, traced):
    policy = json.dumps({"deadLetterTargetArn": arn_of(queue), "maxReceiveCount": 1})
    source = sqs.create_queue(QueueName=name + "-source", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    sqs.send_message(QueueUrl=source, MessageBody="x", MessageGroupId="g", MessageAttributes={"a": text("b")})
    wanted = {"MessageGroupId": "g", "AWSTraceHeader": TRACE}
    everything = {"AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
    receive_one(sqs, source, VisibilityTimeout=0)
    assert "Messages" not in sqs.receive_message(QueueUrl=source)
    dead = receive_one(sqs, queue, VisibilityTimeout=0, **everything)
    assert dead["MessageAttributes"] == {"a": text("b")}
    assert wanted.items() <= dead["Attributes"].items()
    assert dead["Attributes"]["ApproximateReceiveCount"] == "2"
    assert dead["Attributes"]["DeadLetterQueueSourceArn"] == arn_of(source)
    sqs.start_message_move_task(SourceArn=arn_of(queue))
    assert wanted.items() <= receive_one(sqs, source, **everything)["Attributes"].items()
    sqs.delete_queue(QueueUrl=source)


def test_size_limits(sqs, queue, error):
    attribute = {"k": text("x")}
    too_long = "a" * (1_048_576 - len("k" + "String" + "x") + 1)
    assert error(sqs.send_message, QueueUrl=queue, MessageBody=too_long, MessageAttributes=attribute) == (
        INVALID,
        "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
        400,
    )
    entries = [
        {"Id": "1", "MessageBody": too_long[1:], "MessageAttributes": attribute},
        {"Id": "2", "MessageBody": "a"},
    ]
    assert error(sqs.send_message_batch, QueueUrl=queue, Entries=entries) == (
        PREFIX + "BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
        400,
    )


def test_size_limits_of_the_queue(sqs, queue, error):
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MaximumMessageSize": "1024"})
    sqs.send_message(QueueUrl=queue, MessageBody="a" * 1024)
    assert error(sqs.send_message, QueueUrl=queue, MessageBody="a" * 1025)[1] == (
        "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."
    )
    # The sum of a batch does not count against the queue's own limit, each entry does.
    entries = [{"Id": str(n), "MessageBody": "a" * (1024 + n // 2)} for n in range(3)]
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "1"]
    assert answer["Failed"] == [
        {
            "Id": "2",
            "Code": INVALID,
            "Message": "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.",
            "SenderFault": True,
        }
    ]


def test_batch_errors(sqs, queue, error):
    entries = [{"Id": str(n), "MessageBody": "x"} for n in range(20)]
    too_many = (
        PREFIX + "TooManyEntriesInBatchRequest",
        "Maximum number of entries per request are 10. You have sent 20.",
        400,
    )
    assert error(sqs.send_message_batch, QueueUrl=queue, Entries=entries) == too_many
    handles = [{"Id": str(n), "ReceiptHandle": "h"} for n in range(20)]
    assert error(sqs.delete_message_batch, QueueUrl=queue, Entries=handles) == too_many
    changes = [{**handle, "VisibilityTimeout": 1} for handle in handles]
    assert error(sqs.change_message_visibility_batch, QueueUrl=queue, Entries=changes) == too_many
    for wrong in ("", "testLongId" * 10, "invalid:id"):
        entry = {"Id": wrong, "ReceiptHandle": "h"}
        assert error(sqs.delete_message_batch, QueueUrl=queue, Entries=[entry]) == (
            PREFIX + "InvalidBatchEntryId",
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 "
            "letters long.",
            400,
        )
    assert error(sqs.send_message_batch, QueueUrl=queue, Entries=entries[:1] * 2) == (
        PREFIX + "BatchEntryIdsNotDistinct",
        "Id 0 repeated.",
        400,
    )
    assert error(sqs.send_message_batch, QueueUrl=queue, Entries=[])[0] == PREFIX + "EmptyBatchRequest"


def test_parameters_of_fifo_queues(sqs, queue, error):
    assert error(sqs.send_message, QueueUrl=queue, MessageBody="x", MessageDeduplicationId="1") == (
        INVALID,
        "Value 1 for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid "
        "for this queue type.",
        400,
    )


@pytest.mark.parametrize(
    "arguments, message",
    [
        (
            {"MaxNumberOfMessages": 11},
            "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.",
        ),
        (
            {"WaitTimeSeconds": 21},
            "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
        (
            {"WaitTimeSeconds": -1},
            "Value -1 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.",
        ),
    ],
)
def test_ranges(sqs, queue, error, arguments, message):
    assert error(sqs.receive_message, QueueUrl=queue, **arguments) == (INVALID, message, 400)


def test_delay_range(sqs, queue, error):
    assert error(sqs.send_message, QueueUrl=queue, MessageBody="x", DelaySeconds=901)[:2] == (
        INVALID,
        "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    )


def test_receive_from_an_empty_queue(sqs, queue):
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)


# Receipt handles


def test_an_expired_timeout_can_be_extended(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive_one(sqs, queue, VisibilityTimeout=0)["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=40)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_an_older_handle_ends_the_timeout(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    older = receive_one(sqs, queue, VisibilityTimeout=0)["ReceiptHandle"]
    assert receive_one(sqs, queue)["ReceiptHandle"] != older
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=older, VisibilityTimeout=0)
    receive_one(sqs, queue, WaitTimeSeconds=0)


def test_handles_of_deleted_messages(sqs, queue, error):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive_one(sqs, queue)["ReceiptHandle"]
    for _ in range(3):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    change = dict(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=42)
    assert error(sqs.change_message_visibility, **change) == (
        INVALID,
        f"Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for "
        "visibility timeout change.",
        400,
    )


def test_a_deletion_after_the_timeout(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive_one(sqs, queue, VisibilityTimeout=0)["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_a_handle_that_is_none(sqs, queue, error):
    assert error(sqs.delete_message, QueueUrl=queue, ReceiptHandle="garbage") == (
        "ReceiptHandleIsInvalid",
        'The input receipt handle "garbage" is not a valid receipt handle.',
        400,
    )


def test_twelve_hours_in_total(sqs, queue, error):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = receive_one(sqs, queue)["ReceiptHandle"]
    change = dict(QueueUrl=queue, ReceiptHandle=handle)
    assert error(sqs.change_message_visibility, VisibilityTimeout=43200, **change)[:2] == (
        INVALID,
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond "
        "the limit [43200 seconds]",
    )
    sqs.change_message_visibility(VisibilityTimeout=43100, **change)


def test_the_limit_of_messages_in_flight(sqs, queue, error, limits):
    limits(max_in_flight=1)
    for body in "ab":
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    first = receive_one(sqs, queue)
    code, _, status = error(sqs.receive_message, QueueUrl=queue)
    assert (code, status) == ("OverLimit", 403)
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])
    assert receive_one(sqs, queue, WaitTimeSeconds=0)["Body"] == "b"


# Queues


@pytest.mark.parametrize(
    "attribute, message",
    [
        ("FifoQueue", "Unknown Attribute FifoQueue."),
        ("ContentBasedDeduplication", "Unknown Attribute ContentBasedDeduplication."),
        ("DeduplicationScope", "You can specify the DeduplicationScope only when FifoQueue is set to true."),
        ("FifoThroughputLimit", "You can specify the FifoThroughputLimit only when FifoQueue is set to true."),
        ("QueueArn", "Unknown Attribute QueueArn."),
    ],
)
def test_foreign_attributes(sqs, queue, name, error, attribute, message):
    wrong = ("InvalidAttributeName", message, 400)
    assert error(sqs.create_queue, QueueName=name + "-other", Attributes={attribute: "false"}) == wrong
    assert error(sqs.set_queue_attributes, QueueUrl=queue, Attributes={attribute: "false"}) == wrong


def test_unknown_attribute_in_a_question(sqs, queue, error):
    found = error(sqs.get_queue_attributes, QueueUrl=queue, AttributeNames=["Foobar"])
    assert found == ("InvalidAttributeName", "Unknown Attribute Foobar.", 400)


def test_fifo_queues(sqs, name, code):
    fifo = {"FifoQueue": "true"}
    assert code(sqs.create_queue, QueueName=name + ".fifo", Attributes=fifo) == PREFIX + "UnsupportedOperation"
    assert code(sqs.create_queue, QueueName=name + ".fifo") == INVALID
    assert code(sqs.create_queue, QueueName=name, Attributes=fifo) == INVALID


def test_default_attributes(sqs, queue):
    found = attributes(sqs, queue, "All")
    for volatile in ("CreatedTimestamp", "LastModifiedTimestamp", "QueueArn"):
        del found[volatile]
    defaults = {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }
    assert found == defaults
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "60", "DelaySeconds": "9"})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"MessageRetentionPeriod": "", "DelaySeconds": ""})
    found = attributes(sqs, queue, "MessageRetentionPeriod", "DelaySeconds")
    assert found == {"MessageRetentionPeriod": "345600", "DelaySeconds": "0"}


def test_encryption_attributes(sqs, queue, error):
    names = ["KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"]
    key = {"KmsMasterKeyId": "testKeyId", "KmsDataKeyReusePeriodSeconds": "6000"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=key)
    assert attributes(sqs, queue, *names) == {**key, "SqsManagedSseEnabled": "false"}
    defaults = {"KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": "300"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=defaults)
    assert attributes(sqs, queue, *names) == {"SqsManagedSseEnabled": "false"}
    both = {"KmsMasterKeyId": "testKeyId", "SqsManagedSseEnabled": "true"}
    assert error(sqs.set_queue_attributes, QueueUrl=queue, Attributes=both)[:2] == (
        "InvalidAttributeName",
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
    )


def test_policies_are_reset_by_an_empty_value(sqs, queue, arn_of):
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sqs:SendMessage", "Resource": arn_of(queue)}
    policies = {
        "Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        "RedrivePolicy": json.dumps({"deadLetterTargetArn": arn_of(queue), "maxReceiveCount": "42"}),
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes=policies)
    assert attributes(sqs, queue, *policies).keys() == policies.keys()
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: "" for name in policies})
    assert attributes(sqs, queue, *policies) == {}


def test_redrive_policies(sqs, queue, arn_of, error):
    def refused(policy):
        code, message, status = error(sqs.set_queue_attributes, QueueUrl=queue, Attributes={"RedrivePolicy": policy})
        start = f"Value {policy} for parameter RedrivePolicy is invalid. Reason: "
        assert (code, status, message[: len(start)]) == (INVALID, 400, start)
        return message[len(start) :]

    of = lambda target, count: json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": count})
    own = arn_of(queue)
    assert refused(of("dummy", 42)) == "Invalid value for deadLetterTargetArn."
    assert refused(of(own + "-none", 42)) == "Dead letter target does not exist."
    assert refused(of(own.replace("us-east-1", "eu-west-1"), 42)) == "Dead letter target does not exist."
    assert refused(of(own, 1001)) == (
        "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive."
    )


def test_the_same_name_with_other_attributes(sqs, name, error):
    of = lambda delay: {"QueueName": name, "Attributes": {"ReceiveMessageWaitTimeSeconds": "1", "DelaySeconds": delay}}
    url = sqs.create_queue(**of("1"))["QueueUrl"]
    assert sqs.create_queue(QueueName=name)["QueueUrl"] == url
    assert error(sqs.create_queue, **of("2")) == (
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute DelaySeconds",
        400,
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "2"})
    assert sqs.create_queue(**of("2"))["QueueUrl"] == url
    sqs.delete_queue(QueueUrl=url)


def test_a_queue_that_does_not_exist(sqs, queue, name, error, speaks_query):
    words = "The specified queue does not exist" + (" for this wsdl version." if speaks_query else ".")
    missing = (PREFIX + "NonExistentQueue", words, 400)
    assert error(sqs.get_queue_attributes, QueueUrl=queue + "-none") == missing
    assert error(sqs.get_queue_url, QueueName=name + "-none") == missing
    assert error(sqs.get_queue_url, QueueName=name, QueueOwnerAWSAccountId="111111111111") == missing


def test_a_name_as_the_url(sqs, queue, name):
    assert sqs.send_message(QueueUrl=name, MessageBody="x")["MessageId"]


def test_purge_in_progress(sqs, queue, name, error):
    sqs.purge_queue(QueueUrl=queue)
    assert error(sqs.purge_queue, QueueUrl=queue) == (
        PREFIX + "PurgeQueueInProgress",
        f"Only one PurgeQueue operation on {name} is allowed every 60 seconds.",
        403,
    )


def test_a_name_that_was_deleted_recently(sqs, queue, name, error, limits):
    limits(wait_after_deletion=True)
    sqs.delete_queue(QueueUrl=queue)
    assert error(sqs.create_queue, QueueName=name) == (
        PREFIX + "QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
        400,
    )
    limits(wait_after_deletion=False)
    assert sqs.create_queue(QueueName=name)["QueueUrl"] == queue


def test_pages_of_queues(sqs, name):
    urls = [sqs.create_queue(QueueName=f"{name}-{n}")["QueueUrl"] for n in range(5)]
    whole = sqs.list_queues(QueueNamePrefix=name)
    assert whole["QueueUrls"] == urls and "NextToken" not in whole
    first = sqs.list_queues(QueueNamePrefix=name, MaxResults=2)
    assert first["QueueUrls"] == urls[:2]
    rest = sqs.list_queues(QueueNamePrefix=name, MaxResults=10, NextToken=first["NextToken"])
    assert rest["QueueUrls"] == urls[2:] and "NextToken" not in rest
    for url in urls:
        sqs.delete_queue(QueueUrl=url)


def test_tags(sqs, queue):
    tags = {"tag1": "value1", "MyTag": "a", "mytag": "b", "empty": ""}
    sqs.tag_queue(QueueUrl=queue, Tags=tags)
    assert sqs.list_queue_tags(QueueUrl=queue)["Tags"] == tags
    sqs.untag_queue(QueueUrl=queue, TagKeys=[*tags, "none"])
    assert sqs.list_queue_tags(QueueUrl=queue).get("Tags", {}) == {}


def test_permissions(sqs, queue, arn_of, error):
    add = dict(QueueUrl=queue, Actions=["ReceiveMessage"])
    sqs.add_permission(Label="both", AWSAccountIds=["000000000000", "668614515564"], **add)
    policy = json.loads(attributes(sqs, queue, "Policy")["Policy"])
    assert (policy["Version"], policy["Id"]) == ("2008-10-17", arn_of(queue) + "/SQSDefaultPolicy")
    assert policy["Statement"] == [
        {
            "Sid": "both",
            "Effect": "Allow",
            "Principal": {"AWS": ["arn:aws:iam::000000000000:root", "arn:aws:iam::668614515564:root"]},
            "Action": "SQS:ReceiveMessage",
            "Resource": arn_of(queue),
        }
    ]
    assert error(sqs.add_permission, Label="both", AWSAccountIds=["000000000000"], **add) == (
        INVALID,
        "Value both for parameter Label is invalid. Reason: Already exists.",
        400,
    )
    sqs.remove_permission(QueueUrl=queue, Label="both")
    assert attributes(sqs, queue, "Policy") == {}
    assert error(sqs.remove_permission, QueueUrl=queue, Label="both") == (
        INVALID,
        "Value both for parameter Label is invalid. Reason: can't find label.",
        400,
    )


def test_a_long_poll_ends_with_its_queue(sqs, queue, name, client):
    outcome = []

    def poll():
        try:
            outcome.append(client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20).get("Messages", []))
        except sqs.exceptions.QueueDoesNotExist:
            outcome.append("gone")

    sqs.send_message(QueueUrl=queue, MessageBody="shows that the poll has begun")
    receive_one(sqs, queue)
    poller = threading.Thread(target=poll)
    poller.start()
    sqs.delete_queue(QueueUrl=queue)
    sqs.create_queue(QueueName=name)
    poller.join(timeout=15)
    # A poll that came after the new queue waits there, so it gets something to end it.
    sqs.send_message(QueueUrl=queue, MessageBody="of the new queue")
    poller.join()
    assert outcome == ["gone"] or outcome[0][0]["Body"] == "of the new queue"


# Message move tasks


@pytest.fixture
def redriven(sqs, queue, name, arn_of):
    """A dead-letter queue and its source, as ARNs."""
    policy = json.dumps({"deadLetterTargetArn": arn_of(queue), "maxReceiveCount": 1})
    source = sqs.create_queue(QueueName=name + "-source", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    yield arn_of(queue), arn_of(source)
    sqs.delete_queue(QueueUrl=source)


def test_move_task_errors(sqs, redriven, error):
    dead_letters, source = redriven
    missing = "The resource that you specified for the {} parameter doesn't exist."
    for call in (sqs.start_message_move_task, sqs.list_message_move_tasks):
        assert error(call, SourceArn=source + "-none") == (
            "ResourceNotFoundException",
            missing.format("SourceArn"),
            404,
        )
        assert error(call, SourceArn="nonsense")[0] == INVALID
    assert error(sqs.start_message_move_task, SourceArn=dead_letters, DestinationArn=source + "-none") == (
        "ResourceNotFoundException",
        missing.format("DestinationArn"),
        404,
    )
    assert error(sqs.start_message_move_task, SourceArn=source) == (
        INVALID,
        "Source queue must be configured as a Dead Letter Queue.",
        400,
    )


def test_move_task_handles(sqs, redriven, error):
    import base64

    def handle(**parts):
        return base64.b64encode(json.dumps(parts).encode()).decode()

    dead_letters, _ = redriven
    cancel = sqs.cancel_message_move_task
    assert error(cancel, TaskHandle="foobared") == (INVALID, "Value for parameter TaskHandle is invalid.", 400)
    assert error(cancel, TaskHandle=handle(taskId="t", sourceArn=dead_letters + "-none")) == (
        "ResourceNotFoundException",
        "The resource that you specified for the SourceArn parameter doesn't exist.",
        404,
    )
    assert error(cancel, TaskHandle=handle(taskId="t", sourceArn=dead_letters)) == (
        "ResourceNotFoundException",
        "Task does not exist.",
        404,
    )


def test_one_move_task_at_a_time(sqs, queue, redriven, error):
    dead_letters, source = redriven
    sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": str(n), "MessageBody": "x"} for n in range(10)])
    task = dict(SourceArn=dead_letters, DestinationArn=source, MaxNumberOfMessagesPerSecond=1)
    handle = sqs.start_message_move_task(**task)["TaskHandle"]
    assert error(sqs.start_message_move_task, **task) == (
        INVALID,
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
        400,
    )
    (running,) = sqs.list_message_move_tasks(SourceArn=dead_letters)["Results"]
    assert running["Status"] == "RUNNING" and running["TaskHandle"] == handle
    assert running["MaxNumberOfMessagesPerSecond"] == 1
    sqs.cancel_message_move_task(TaskHandle=handle)


# The Query protocol, without an SDK


def test_a_request_to_the_queues_own_url(sqs, queue, name, http):
    status, xml, content_type = http("GET", queue, Action="SendMessage", MessageBody="foobar")
    assert (status, content_type) == (200, "text/xml") and "<SendMessageResponse" in xml
    status, xml, _ = http("POST", queue, Action="ReceiveMessage")
    assert status == 200 and "<Body>foobar</Body>" in xml
    status, xml, _ = http("GET", queue, Action="ReceiveMessage")
    assert status == 200 and "<ReceiveMessageResult/>" in xml
    parameters = {"Action": "GetQueueAttributes", "AttributeName.1": "All"}
    status, xml, _ = http("GET", queue, **parameters)
    assert f"<Attribute><Name>QueueArn</Name><Value>arn:aws:sqs:us-east-1:000000000000:{name}</Value></Attribute>" in xml
    status, xml, _ = http("GET", queue, Action="GetQueueUrl", QueueName=name)
    assert f"<QueueUrl>{queue}</QueueUrl>" in xml


def test_the_parameter_goes_before_the_path(sqs, queue, name, http):
    other = sqs.create_queue(QueueName=name + "-other")["QueueUrl"]
    parameters = {"Action": "GetQueueAttributes", "QueueUrl": other, "AttributeName.1": "QueueArn"}
    _, xml, _ = http("GET", queue, **parameters)
    assert f":{name}-other</Value>" in xml
    sqs.delete_queue(QueueUrl=other)


def test_query_errors(queue, http):
    def failed(status=400, code="InvalidAction", message=None, url=queue, **parameters):
        found, xml, content_type = http("GET", url, **parameters)
        assert (found, content_type) == (status, "text/xml")
        assert "<Type>Sender</Type>" in xml and f"<Code>{code}</Code>" in xml
        assert f"<Message>{message}</Message>" in xml and "<RequestId>" in xml

    action = "The action {} is not valid for this endpoint."
    failed(message=action.format("FooBar"), Action="FooBar", Version="2012-11-05")
    failed(message=action.format("CreateQueue"), Action="CreateQueue", QueueName="x")
    failed(message=action.format("ListQueues"), Action="ListQueues")
    failed(
        code="MissingParameter",
        message="The request must contain the parameter MessageBody.",
        Action="SendMessage",
    )
    failed(
        code=PREFIX + "NonExistentQueue",
        message="The specified queue does not exist for this wsdl version.",
        url=queue + "-none",
        Action="GetQueueAttributes",
    )
    status, xml, _ = http("GET", queue)
    assert (status, "<UnknownOperationException" in xml) == (404, True)


def test_json_answers_to_the_query_protocol(endpoint, queue, name, http):
    headers = {"Accept": "application/json"}
    status, text, _ = http("GET", endpoint, headers=headers, Action="ListQueues", Version="2012-11-05")
    assert status == 200 and "ListQueuesResponse" in json.loads(text)
    parameters = {"Action": "GetQueueAttributes", "AttributeName.1": "All"}
    status, text, _ = http("GET", queue, headers=headers, **parameters)
    found = json.loads(text)["GetQueueAttributesResponse"]["GetQueueAttributesResult"]["Attributes"]
    assert {"Name": "QueueArn", "Value": f"arn:aws:sqs:us-east-1:000000000000:{name}"} in found
    status, text, _ = http("GET", queue, headers=headers, Action="ListQueues")
    error = json.loads(text)["Error"]
    assert (status, error["Code"]) == (400, "InvalidAction")
    assert error["Message"] == "The action ListQueues is not valid for this endpoint."
    status, text, _ = http("GET", queue, headers=headers)
    assert (status, "<UnknownOperationException" in text) == (404, True)


def test_unsigned_forms_are_refused(sqs, queue, http):
    # A web page can send a form to a loopback port, but cannot sign it.
    status, xml, _ = http("GET", queue, signed=False, Action="DeleteQueue")
    assert status == 403 and "<Code>MissingAuthenticationToken</Code>" in xml
    assert attributes(sqs, queue, "QueueArn")


def test_json_at_the_queues_own_url(client, queue, speaks_query, http):
    body = json.dumps({"QueueUrl": queue, "WaitTimeSeconds": 0}).encode()
    headers = {"X-Amz-Target": "AmazonSQS.ReceiveMessage", "Content-Type": "application/x-amz-json-1.0"}
    status, text, content_type = http("POST", queue, body=body, headers=headers)
    assert (status, json.loads(text), content_type) == (200, {}, "application/x-amz-json-1.0")


def test_errors_in_the_callers_protocol(endpoint, http):
    """`aws cloudformation describe-stacks` gets a sentence that it can read."""
    status, xml, content_type = http(
        "POST", endpoint, service="cloudformation", Action="DescribeStacks", Version="2010-05-15"
    )
    assert (status, content_type) == (400, "text/xml")
    assert "<Code>InvalidAction</Code>" in xml and "serves SQS, SNS, DynamoDB, S3 and STS" in xml
    headers = {"X-Amz-Target": "AWSLambda.Invoke"}
    status, text, content_type = http("POST", endpoint, service="lambda", body=b"{}", headers=headers)
    assert (status, content_type) == (400, "application/x-amz-json-1.0")
    assert "serves SQS, SNS, DynamoDB, S3 and STS" in json.loads(text)["message"]
