"""SNS: messages as subscribers get them, and what Publish and PublishBatch refuse, in the words recorded on AWS.

docs/AWS-COMPATIBILITY.md names these tests.
"""

import base64
import json
import re
import urllib.request

import pytest
from aws_lambda_powertools.utilities.parser.envelopes import SnsSqsEnvelope
from aws_lambda_powertools.utilities.parser import BaseModel, parse
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from sns_message_validator import SNSMessageValidator
from sns_message_validator.exceptions import SignatureVerificationFailureException

INVALID, VALUE = "InvalidParameter", "ParameterValueInvalid"
TYPES = "the set of supported type prefixes is Binary, Number, and String."


def text(value="x", kind="String"):
    return {"DataType": kind, "StringValue": value}


def receive(sqs, url, **arguments):
    arguments = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 20, "MessageAttributeNames": ["All"], **arguments}
    return sqs.receive_message(QueueUrl=url, **arguments).get("Messages", [])


def test_an_envelope_is_signed(sns, sqs, topic, queue, subscribe, endpoint):
    """A public verifier accepts the signature, and refuses a changed message."""
    subscribe()
    validator = SNSMessageValidator(cert_url_regex="^" + re.escape(endpoint) + "/SimpleNotificationService-[0-9a-f]{32}[.]pem$")
    for arguments in ({"Subject": "Bestätigung"}, {"MessageAttributes": {"a": text()}}, {}):
        sns.publish(TopicArn=topic, Message="two\nlines ✓", **arguments)
        (message,) = receive(sqs, queue)
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        envelope = json.loads(message["Body"])
        assert envelope["SignatureVersion"] == "1"
        validator.validate_message(envelope)
        with pytest.raises(SignatureVerificationFailureException):
            validator.validate_message({**envelope, "Message": "changed"})


def test_signature_version_2(sns, sqs, topic, queue, subscribe):
    subscribe()
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    sns.publish(TopicArn=topic, Message="m", Subject="s")
    envelope = json.loads(receive(sqs, queue)[0]["Body"])
    assert envelope["SignatureVersion"] == "2"
    certificate = x509.load_pem_x509_certificate(urllib.request.urlopen(envelope["SigningCertURL"]).read())
    fields = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
    signed = "".join(f"{name}\n{envelope[name]}\n" for name in fields).encode()
    certificate.public_key().verify(base64.b64decode(envelope["Signature"]), signed, PKCS1v15(), SHA256())


def test_the_form_of_an_envelope(sns, sqs, topic, queue, subscribe, endpoint):
    arn = subscribe()
    sns.publish(TopicArn=topic, Message='say "hi"', Subject="s", MessageAttributes={"a": text("1", "Number"), "b": text()})
    body = receive(sqs, queue)[0]["Body"]
    envelope = json.loads(body)
    assert list(envelope) == [
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
        "MessageAttributes",
    ]
    assert body.startswith('{\n  "Type" : "Notification",\n  "MessageId" : "')
    assert envelope["UnsubscribeURL"] == f"{endpoint}/?Action=Unsubscribe&SubscriptionArn={arn}"
    assert envelope["MessageAttributes"] == {"a": {"Type": "Number", "Value": "1"}, "b": {"Type": "String", "Value": "x"}}


class Order(BaseModel):
    id: int


def test_powertools_reads_an_event(sns, sqs, topic, queue, subscribe):
    """The envelope of Powertools for AWS Lambda, which checks every field."""
    subscribe()
    sns.publish(TopicArn=topic, Message='{"id": 7}')
    (message,) = receive(sqs, queue, AttributeNames=["All"])
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q",
        "awsRegion": "us-east-1",
    }
    assert parse({"Records": [record]}, model=Order, envelope=SnsSqsEnvelope)[0].id == 7


def test_unsubscribe_by_the_link(sns, sqs, topic, queue, subscribe):
    subscribe()
    sns.publish(TopicArn=topic, Message="m")
    envelope = json.loads(receive(sqs, queue)[0]["Body"])
    urllib.request.urlopen(envelope["UnsubscribeURL"]).read()
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


@pytest.mark.parametrize("subject", ["x" * 100, "ä" * 100, "Bestätigung", "!", " leading"])
def test_subjects(sns, topic, subject):
    sns.publish(TopicArn=topic, Message="m", Subject=subject)
    entry = {"Id": "a", "Message": "m", "Subject": subject}
    assert len(sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[entry])["Successful"]) == 1


@pytest.mark.parametrize("subject", ["", "x" * 101, "two\nlines", "tab\tx", "bell\x07", "\x7f", "a\u2028b"])
def test_wrong_subjects(sns, topic, error, subject):
    wrong = (INVALID, "Invalid parameter: Subject", 400)
    assert error(sns.publish, TopicArn=topic, Message="m", Subject=subject) == wrong
    entries = [{"Id": "a", "Message": "m", "Subject": subject}, {"Id": "b", "Message": "m"}]
    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [(f["Id"], f["Code"], f["Message"], f["SenderFault"]) for f in answer["Failed"]] == [("a", *wrong[:2], True)]
    assert [s["Id"] for s in answer["Successful"]] == ["b"]


EMPTY = "The message attribute 'attr1' must contain non-empty message attribute value for message attribute type '{}'."
FIELD = "The message attribute 'attr1' with type '{}' must use field '{}'."


@pytest.mark.parametrize(
    "attributes, message",
    [
        ({"attr1": {"DataType": "String", "StringValue": ""}}, EMPTY.format("String")),
        ({"attr1": {"DataType": "String"}}, EMPTY.format("String")),
        ({"attr1": {"DataType": "Binary", "BinaryValue": b""}}, EMPTY.format("Binary")),
        ({"attr1": {"DataType": "String", "BinaryValue": b"x"}}, FIELD.format("String", "String")),
        ({"attr1": {"DataType": "Number", "BinaryValue": b"x"}}, FIELD.format("Number", "String")),
        ({"attr1": {"DataType": "Binary", "StringValue": "x"}}, FIELD.format("Binary", "Binary")),
        ({"attr1": text(kind="InvalidType")}, "The message attribute 'attr1' has an invalid message attribute type, " + TYPES),
        ({"attr1": text(kind="Stringprefixed")}, "The message attribute 'attr1' has an invalid message attribute type, " + TYPES),
        ({"attr1": text(kind="String.")}, "The message attribute 'attr1' has an invalid message attribute type, " + TYPES),
        ({"a" * 257: text()}, "Length of message attribute name must be less than 256 bytes."),
        (
            {"a^": text()},
            "Invalid non-alphanumeric character '#x5E' was found in the message attribute name. Can only include alphanumeric "
            "characters, hyphens, underscores, or dots.",
        ),
        ({".a": text()}, "Invalid message attribute name starting with character '.' was found."),
        ({"a.": text()}, "Invalid message attribute name ending with character '.' was found."),
        ({"a..b": text()}, "Message attribute name can not have successive '.' character."),
    ],
)
def test_wrong_message_attributes(sns, topic, error, attributes, message):
    """One wrong attribute refuses a whole batch, as recorded."""
    assert error(sns.publish, TopicArn=topic, Message="m", MessageAttributes=attributes) == (VALUE, message, 400)
    entries = [{"Id": "a", "Message": "m"}, {"Id": "b", "Message": "m", "MessageAttributes": attributes}]
    assert error(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries) == (VALUE, message, 400)


def test_an_attribute_without_a_type(sns, topic, http, endpoint):
    """An SDK refuses it itself, so the request is made without one."""
    fields = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": topic, "Message": "m"}
    fields |= {"MessageAttributes.entry.1.Name": "attr1", "MessageAttributes.entry.1.Value.StringValue": "x"}
    status, answer, _ = http("POST", endpoint + "/", service="sns", **fields)
    assert (status, "<Code>ValidationError</Code>" in answer) == (400, True)
    assert (
        "1 validation error detected: Value null at 'messageAttributes.attr1.member.dataType' failed to satisfy constraint: "
        "Member must not be null"
    ) in answer


def test_attribute_types(sns, topic):
    for kind in ("String.mine", "String.Array", "Number.int"):
        sns.publish(TopicArn=topic, Message="m", MessageAttributes={"attr1": text("1", kind)})
    sns.publish(TopicArn=topic, Message="m", MessageAttributes={"AWS.SNS.SMS.SenderID": text()})


def test_eleven_attributes_with_raw_delivery(sns, sqs, topic, queue, subscribe, name, let_sns_in, arn_of):
    """Raw delivery takes ten. The message goes to the subscription's dead-letter queue; without one it is discarded."""
    letters = sqs.create_queue(QueueName=name + "-dlq")["QueueUrl"]
    let_sns_in(letters)
    arn = subscribe(RawMessageDelivery="true")
    eleven = {f"n{n}": text() for n in range(11)}
    sns.publish(TopicArn=topic, Message="discarded", MessageAttributes=eleven)
    policy = json.dumps({"deadLetterTargetArn": arn_of(letters)})
    sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="RedrivePolicy", AttributeValue=policy)
    sns.publish(TopicArn=topic, Message="dead letter", MessageAttributes=eleven)
    (letter,) = receive(sqs, letters)
    assert (letter["Body"], letter["MessageAttributes"]) == ("dead letter", eleven)
    assert receive(sqs, queue, WaitTimeSeconds=0) == []
    sqs.delete_queue(QueueUrl=letters)


def test_eleven_attributes_in_an_envelope(sns, sqs, topic, queue, subscribe):
    subscribe()
    eleven = {f"n{n}": text() for n in range(11)}
    sns.publish(TopicArn=topic, Message="m", MessageAttributes=eleven)
    assert len(json.loads(receive(sqs, queue)[0]["Body"])["MessageAttributes"]) == 11


def test_sizes(sns, topic, error):
    limit = 256 * 1024
    sns.publish(TopicArn=topic, Message="x" * limit)
    too_long = (INVALID, "Invalid parameter: Message too long", 400)
    assert error(sns.publish, TopicArn=topic, Message="x" * (limit + 1)) == too_long
    assert error(sns.publish, TopicArn=topic, Message="x" * limit, MessageAttributes={"a": text()}) == too_long
    entries = [{"Id": str(n), "Message": "x" * (limit // 2)} for n in range(2)]
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    entries.append({"Id": "2", "Message": "x"})
    message = "The length of all the messages put together is more than the limit."
    assert error(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries) == ("BatchRequestTooLong", message, 400)


def test_empty_messages(sns, topic, error):
    assert error(sns.publish, TopicArn=topic, Message="") == (INVALID, "Invalid parameter: Empty message", 400)


def test_message_structure(sns, sqs, topic, queue, subscribe, error):
    subscribe(RawMessageDelivery="true")
    publish = lambda message: sns.publish(TopicArn=topic, Message=message, MessageStructure="json")
    publish('{"default": "all", "sqs": "for queues", "http": 1}')
    publish('{"default": "first", "default": "second"}')
    assert [m["Body"] for m in receive(sqs, queue)] == ["for queues", "second"]
    wrong = lambda message: error(sns.publish, TopicArn=topic, Message=message, MessageStructure="json")
    no_default = (INVALID, "Invalid parameter: Message Structure - No default entry in JSON message body", 400)
    assert wrong('{"sqs": "x"}') == no_default
    assert wrong('{"default": 1}') == no_default
    assert wrong("nonsense") == (INVALID, "Invalid parameter: Message Structure - JSON message body failed to parse", 400)
    entries = [{"Id": "a", "Message": "m"}, {"Id": "b", "Message": '{"sqs": "x"}', "MessageStructure": "json"}]
    assert error(sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=entries) == no_default


def test_batch_errors(sns, topic, error):
    batch = lambda *ids: error(
        sns.publish_batch, TopicArn=topic, PublishBatchRequestEntries=[{"Id": i, "Message": "m"} for i in ids]
    )
    too_many = "The batch request contains more entries than permissible."
    assert batch(*map(str, range(11))) == ("TooManyEntriesInBatchRequest", too_many, 400)
    same = "Two or more batch entries in the request have the same Id."
    assert batch("a", "a") == ("BatchEntryIdsNotDistinct", same, 400)
    start = "The Id of a batch entry in the batch request "
    assert batch("x" * 81) == ("InvalidBatchEntryId", start + "is too long: " + "x" * 81, 400)
    assert batch("a.b") == ("InvalidBatchEntryId", start + "contains an impermissible character: a.b", 400)


def test_parameters_of_fifo_topics(sns, topic, error):
    message = (
        "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not "
        "valid for this topic type"
    )
    assert error(sns.publish, TopicArn=topic, Message="m", MessageDeduplicationId="d") == (INVALID, message, 400)
