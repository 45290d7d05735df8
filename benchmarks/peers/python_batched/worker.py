"""A worker that makes the calls of order-worker: 25 inserts and 10 events a call."""

import json
import os
from datetime import datetime, timezone

import boto3
from boto3.dynamodb.types import TypeSerializer

dynamodb = boto3.client("dynamodb")
sns = boto3.client("sns")
serialize = TypeSerializer().serialize


def handler(event, _context):
    confirmed_at = datetime.now(timezone.utc).isoformat()
    messages = [(record["messageId"], json.loads(record["body"])) for record in event["Records"]]
    failed, stored = [], []
    for begin in range(0, len(messages), 25):
        batch = messages[begin : begin + 25]
        statements = [statement(row(message, confirmed_at)) for _, message in batch]
        answers = dynamodb.batch_execute_statement(Statements=statements)["Responses"]
        for (message_id, message), answer in zip(batch, answers, strict=True):
            if "Error" in answer:
                failed.append(message_id)
            else:
                stored.append((message_id, message))
    for begin in range(0, len(stored), 10):
        batch = stored[begin : begin + 10]
        entries = [
            {
                "Id": message_id,
                "Message": json.dumps(confirmed(message, confirmed_at)),
                "MessageAttributes": {"event_type": {"DataType": "String", "StringValue": "orders.order.confirmed.v1"}},
            }
            for message_id, message in batch
        ]
        answer = sns.publish_batch(TopicArn=os.environ["ORDER_EVENTS_TOPIC_ARN"], PublishBatchRequestEntries=entries)
        failed += [entry["Id"] for entry in answer["Failed"]]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def statement(item):
    fields = ", ".join(f"'{name}': ?" for name in item)
    return {
        "Statement": f'INSERT INTO "{os.environ["ORDERS_TABLE"]}" VALUE {{{fields}}}',
        "Parameters": [serialize(value) for value in item.values()],
    }


def row(message, confirmed_at):
    order = message["order"]
    customer = order["customer"]
    return {
        "order_id": message["order_id"], "schema_version": 1, "fingerprint": message["fingerprint"], "status": "confirmed",
        "accepted_at": message["accepted_at"], "confirmed_at": confirmed_at, "customer_id": customer["id"],
        "customer_email": customer["email"], "customer_name": customer["name"], "currency": order["currency"],
        "items": order["items"], "total": order["total"], "note": order["note"],
    }


def confirmed(message, confirmed_at):
    return {
        "specversion": "1.0", "id": message["order_id"], "source": "/orders", "type": "orders.order.confirmed.v1",
        "subject": message["order_id"], "time": confirmed_at, "datacontenttype": "application/json",
        "data": {"order_id": message["order_id"], "accepted_at": message["accepted_at"], "confirmed_at": confirmed_at, "order": message["order"]},
    }
