"""SQS: successful calls, and the error codes of calls that fail. boto3 itself checks every MD5 digest."""

import json
import time

import pytest

NON_EXISTENT = "AWS.SimpleQueueService.NonExistentQueue"


def attributes(sqs, url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names) or ["All"])["Attributes"]


def receive(sqs, url, **arguments):
    arguments = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 20, **arguments}
    # The Query protocol has only the older name of the parameter.
    if sqs.meta.service_model.metadata["protocol"] == "query" and "MessageSystemAttributeNames" in arguments:
        arguments["AttributeNames"] = arguments.pop("MessageSystemAttributeNames")
    return sqs.receive_message(QueueUrl=url, **arguments).get("Messages", [])


def test_queue_lifecycle(sqs, name, code):
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "45"}, tags={"team": "shop"})["QueueUrl"]
    assert url.endswith("/000000000000/" + name)
    assert sqs.get_queue_url(QueueName=name)["QueueUrl"] == url
    assert url in sqs.list_queues(QueueNamePrefix=name)["QueueUrls"]
    assert sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "45"})["QueueUrl"] == url
    assert code(sqs.create_queue, QueueName=name, Attributes={"VisibilityTimeout": "46"}) == "QueueAlreadyExists"
    with pytest.raises(sqs.exceptions.QueueNameExists):
        sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "46"})
    found = attributes(sqs, url)
    assert found["VisibilityTimeout"] == "45"
    assert found["MaximumMessageSize"] == "1048576"
    assert found["ApproximateNumberOfMessages"] == "0"
    assert found["SqsManagedSseEnabled"] == "true"
    assert abs(int(found["CreatedTimestamp"]) - time.time()) < 60
    sqs.tag_queue(QueueUrl=url, Tags={"stage": "test"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["team"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"stage": "test"}
    sqs.delete_queue(QueueUrl=url)
    assert code(sqs.get_queue_url, QueueName=name) == NON_EXISTENT
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.send_message(QueueUrl=url, MessageBody="x")


def test_list_queues_pages(sqs, name):
    urls = [sqs.create_queue(QueueName=f"{name}-{n}")["QueueUrl"] for n in range(5)]
    pages = sqs.get_paginator("list_queues").paginate(QueueNamePrefix=name, PaginationConfig={"PageSize": 2})
    pages = [page["QueueUrls"] for page in pages]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(sum(pages, [])) == sorted(urls)
    for url in urls:
        sqs.delete_queue(QueueUrl=url)


@pytest.mark.parametrize(
    "attribute, value, expected",
    [
        ("VisibilityTimeout", "43201", "InvalidAttributeValue"),
        ("DelaySeconds", "901", "InvalidAttributeValue"),
        ("MaximumMessageSize", "10", "InvalidAttributeValue"),
        ("MessageRetentionPeriod", "x", "InvalidAttributeValue"),
        ("Colour", "blue", "InvalidAttributeName"),
        ("RedrivePolicy", "{}", "InvalidParameterValue"),
        ("RedrivePolicy", '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:none", "maxReceiveCount": 1}',
         "InvalidParameterValue"),
    ],
)
def test_wrong_attributes(sqs, queue, code, attribute, value, expected):
    assert code(sqs.set_queue_attributes, QueueUrl=queue, Attributes={attribute: value}) == expected


def test_unsupported(sqs, queue, code, name):
    assert code(sqs.create_queue, QueueName=name + ".fifo", Attributes={"FifoQueue": "true"}) == (
        "AWS.SimpleQueueService.UnsupportedOperation"
    )
    assert code(sqs.create_queue, QueueName="not a name") == "InvalidParameterValue"
    assert code(sqs.get_queue_attributes, QueueUrl=queue, AttributeNames=["Colour"]) == "InvalidAttributeName"


def test_send_receive_delete(sqs, queue):
    message_attributes = {
        "kind": {"DataType": "String", "StringValue": "grüße ☃"},
        "count": {"DataType": "Number.int", "StringValue": "12"},
        "blob": {"DataType": "Binary", "BinaryValue": bytes(range(256))},
    }
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    sent = sqs.send_message(
        QueueUrl=queue, MessageBody="hello 🦀", MessageAttributes=message_attributes, MessageSystemAttributes=trace
    )
    (message,) = receive(sqs, queue, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"])
    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "hello 🦀"
    assert message["MessageAttributes"] == message_attributes
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["Attributes"]["AWSTraceHeader"].startswith("Root=")
    assert {"SenderId", "SentTimestamp", "ApproximateFirstReceiveTimestamp"} <= message["Attributes"].keys()
    assert attributes(sqs, queue)["ApproximateNumberOfMessagesNotVisible"] == "1"
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert attributes(sqs, queue)["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_attribute_selection(sqs, queue):
    of = lambda value: {"DataType": "String", "StringValue": value}
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes={"a.one": of("1"), "a.two": of("2"), "b": of("3")})
    (message,) = receive(sqs, queue, MessageAttributeNames=["a.*"], VisibilityTimeout=0)
    assert message["MessageAttributes"].keys() == {"a.one", "a.two"}
    (message,) = receive(sqs, queue, AttributeNames=["SentTimestamp"])
    assert message["Attributes"].keys() == {"SentTimestamp"}
    assert "MessageAttributes" not in message


def test_batches(sqs, queue):
    entries = [{"Id": str(n), "MessageBody": f"m{n}", "DelaySeconds": 0} for n in range(10)]
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert len(answer["Successful"]) == 10
    messages = receive(sqs, queue)
    assert [m["Body"] for m in messages] == [f"m{n}" for n in range(10)]
    change = [{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"], "VisibilityTimeout": 100} for m in messages]
    assert len(sqs.change_message_visibility_batch(QueueUrl=queue, Entries=change)["Successful"]) == 10
    handles = [{"Id": m["Body"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
    handles[3]["ReceiptHandle"] = "nonsense"
    answer = sqs.delete_message_batch(QueueUrl=queue, Entries=handles)
    assert len(answer["Successful"]) == 9
    assert [(f["Id"], f["Code"], f["SenderFault"]) for f in answer["Failed"]] == [("m3", "ReceiptHandleIsInvalid", True)]


def test_batch_errors(sqs, queue, code):
    send = lambda entries: code(sqs.send_message_batch, QueueUrl=queue, Entries=entries)
    prefix = "AWS.SimpleQueueService."
    entry = lambda id, body="x": {"Id": id, "MessageBody": body}
    assert send([]) == prefix + "EmptyBatchRequest"
    assert send([entry(str(n)) for n in range(11)]) == prefix + "TooManyEntriesInBatchRequest"
    assert send([entry("a"), entry("a")]) == prefix + "BatchEntryIdsNotDistinct"
    assert send([entry("a/b")]) == prefix + "InvalidBatchEntryId"
    assert send([entry("a", "x" * 600_000), entry("b", "x" * 600_000)]) == prefix + "BatchRequestTooLong"
    with pytest.raises(sqs.exceptions.BatchEntryIdsNotDistinct):
        sqs.delete_message_batch(QueueUrl=queue, Entries=[{"Id": "a", "ReceiptHandle": "h"}] * 2)


def test_send_errors(sqs, queue, code):
    send = lambda **arguments: code(sqs.send_message, QueueUrl=queue, **{"MessageBody": "x", **arguments})
    assert send(MessageBody="") == "MissingParameter"
    assert send(MessageBody="nul \x00") == "InvalidMessageContents"
    assert send(DelaySeconds=901) == "InvalidParameterValue"
    assert send(MessageBody="x" * 1_048_577) == "InvalidParameterValue"
    text = {"DataType": "String", "StringValue": "x"}
    assert send(MessageAttributes={f"n{n}": text for n in range(11)}) == "InvalidParameterValue"
    assert send(MessageAttributes={"AWS.mine": text}) == "InvalidParameterValue"
    assert send(MessageAttributes={"n": {"DataType": "Number", "StringValue": "x"}}) == "InvalidParameterValue"
    sqs.send_message(QueueUrl=queue, MessageBody="x" * 1_048_576)


def test_receive_errors(sqs, queue, code):
    for wrong in ({"MaxNumberOfMessages": 11}, {"WaitTimeSeconds": 21}, {"VisibilityTimeout": 43201}):
        assert code(sqs.receive_message, QueueUrl=queue, **wrong) == "InvalidParameterValue"
    assert code(sqs.delete_message, QueueUrl=queue, ReceiptHandle="nonsense") == "ReceiptHandleIsInvalid"
    change = lambda **arguments: code(sqs.change_message_visibility, QueueUrl=queue, **arguments)
    assert change(ReceiptHandle="nonsense", VisibilityTimeout=1) == "ReceiptHandleIsInvalid"
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    (message,) = receive(sqs, queue)
    handle = message["ReceiptHandle"]
    assert change(ReceiptHandle=handle, VisibilityTimeout=43201) == "InvalidParameterValue"
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
    assert change(ReceiptHandle=handle, VisibilityTimeout=1) == "AWS.SimpleQueueService.MessageNotInflight"
    (again,) = receive(sqs, queue)
    assert again["ReceiptHandle"] != handle


def test_delay(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="much later", DelaySeconds=900)
    assert receive(sqs, queue, WaitTimeSeconds=0) == []
    assert attributes(sqs, queue)["ApproximateNumberOfMessagesDelayed"] == "1"
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=1)
    assert [m["Body"] for m in receive(sqs, queue)] == ["later"]


def test_purge(sqs, queue, code):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    sqs.purge_queue(QueueUrl=queue)
    assert attributes(sqs, queue)["ApproximateNumberOfMessages"] == "0"
    assert code(sqs.purge_queue, QueueUrl=queue) == "AWS.SimpleQueueService.PurgeQueueInProgress"


@pytest.fixture
def with_dead_letters(sqs, queue, name, arn_of):
    source = sqs.create_queue(
        QueueName=name + "-source",
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": arn_of(queue), "maxReceiveCount": "1"})},
    )["QueueUrl"]
    yield source, queue
    sqs.delete_queue(QueueUrl=source)


def finished_task(sqs, arn):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        (task,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
        if task["Status"] not in ("RUNNING", "CANCELLING"):
            return task
        time.sleep(0.05)
    raise AssertionError("the task does not end")


def test_redrive_and_back(sqs, with_dead_letters, arn_of, code):
    source, dead_letters = with_dead_letters
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead_letters)["queueUrls"] == [source]
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    (first,) = receive(sqs, source, VisibilityTimeout=1)
    (dead,) = receive(sqs, dead_letters, VisibilityTimeout=0, MessageSystemAttributeNames=["All"])
    assert dead["MessageId"] == first["MessageId"]
    assert dead["Attributes"]["DeadLetterQueueSourceArn"] == arn_of(source)
    assert dead["Attributes"]["ApproximateReceiveCount"] == "2"
    sqs.start_message_move_task(SourceArn=arn_of(dead_letters))
    (moved,) = receive(sqs, source, MessageSystemAttributeNames=["All"])
    assert moved["Body"] == "poison"
    assert moved["Attributes"]["ApproximateReceiveCount"] == "1"
    task = finished_task(sqs, arn_of(dead_letters))
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)


def test_move_task_errors(sqs, with_dead_letters, arn_of, code):
    source, dead_letters = with_dead_letters
    start = lambda **arguments: code(sqs.start_message_move_task, **arguments)
    assert start(SourceArn=arn_of(source)) == "InvalidParameterValue"
    assert start(SourceArn=arn_of(source) + "none") == "ResourceNotFoundException"
    assert start(SourceArn=arn_of(dead_letters), MaxNumberOfMessagesPerSecond=501) == "InvalidParameterValue"
    sqs.send_message(QueueUrl=dead_letters, MessageBody="sent directly")
    sqs.start_message_move_task(SourceArn=arn_of(dead_letters))
    task = finished_task(sqs, arn_of(dead_letters))
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    # At one message per second, the task runs for longer than the calls below take.
    for _ in range(3):
        entries = [{"Id": str(n), "MessageBody": "x"} for n in range(10)]
        sqs.send_message_batch(QueueUrl=dead_letters, Entries=entries)
    running = dict(
        SourceArn=arn_of(dead_letters), DestinationArn=arn_of(source), MaxNumberOfMessagesPerSecond=1
    )
    handle = sqs.start_message_move_task(**running)["TaskHandle"]
    assert start(**running) == "InvalidParameterValue"
    sqs.cancel_message_move_task(TaskHandle=handle)
    assert finished_task(sqs, arn_of(dead_letters))["Status"] == "CANCELLED"
    assert code(sqs.cancel_message_move_task, TaskHandle=handle) == "ResourceNotFoundException"
