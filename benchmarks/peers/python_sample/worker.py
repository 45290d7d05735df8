"""A worker as samples of Powertools write it: each record by itself, idempotent by a table."""

import json
import os
from datetime import datetime, timezone

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function

table = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])
sns = boto3.client("sns")
processor = BatchProcessor(event_type=EventType.SQS)
persistence = DynamoDBPersistenceLayer(table_name=os.environ["CLAIMS_TABLE"], key_attr="order_id", expiry_attr="expires_at")
config = IdempotencyConfig(event_key_jmespath="order_id")


@idempotent_function(data_keyword_argument="message", config=config, persistence_store=persistence)
def confirm(message):
    order, confirmed_at = message["order"], datetime.now(timezone.utc).isoformat()
    customer = order["customer"]
    table.put_item(
        Item={
            "order_id": message["order_id"], "schema_version": 1, "fingerprint": message["fingerprint"], "status": "confirmed",
            "accepted_at": message["accepted_at"], "confirmed_at": confirmed_at, "customer_id": customer["id"],
            "customer_email": customer["email"], "customer_name": customer["name"], "currency": order["currency"],
            "items": order["items"], "total": order["total"], "note": order["note"],
        },
        ConditionExpression="attribute_not_exists(order_id)",
    )
    event = {
        "specversion": "1.0", "id": message["order_id"], "source": "/orders", "type": "orders.order.confirmed.v1",
        "subject": message["order_id"], "time": confirmed_at, "datacontenttype": "application/json",
        "data": {"order_id": message["order_id"], "accepted_at": message["accepted_at"], "confirmed_at": confirmed_at, "order": order},
    }
    sns.publish(
        TopicArn=os.environ["ORDER_EVENTS_TOPIC_ARN"],
        Message=json.dumps(event),
        MessageAttributes={"event_type": {"DataType": "String", "StringValue": event["type"]}},
    )
    return {"order_id": message["order_id"]}


def record_handler(record):
    return confirm(message=json.loads(record.body))


def handler(event, context):
    config.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)
