"""An API as samples of Powertools write it: a resolver, a few checks, idempotent by a table."""

import json
import os
import uuid
from datetime import datetime, timezone
from decimal import Decimal

import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import BadRequestError
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent

app = APIGatewayRestResolver()
sqs = boto3.client("sqs")
persistence = DynamoDBPersistenceLayer(table_name=os.environ["CLAIMS_TABLE"], key_attr="order_id", expiry_attr="expires_at")
config = IdempotencyConfig(event_key_jmespath='headers."Idempotency-Key"')


@app.post("/orders")
def place():
    order = app.current_event.json_body
    if not order.get("customer", {}).get("id") or not order.get("items"):
        raise BadRequestError("an order has a customer and items")
    order["total"] = str(sum(item["quantity"] * Decimal(item["unit_price"]) for item in order["items"]))
    order_id, accepted_at = str(uuid.uuid4()), datetime.now(timezone.utc).isoformat()
    message = {"schema_version": 1, "order_id": order_id, "accepted_at": accepted_at, "order": order}
    sqs.send_message(QueueUrl=os.environ["ORDERS_QUEUE_URL"], MessageBody=json.dumps(message), MessageGroupId=order["customer"]["id"])
    body = json.dumps({"order_id": order_id, "status": "accepted", "accepted_at": accepted_at})
    return Response(status_code=202, content_type="application/json", body=body)


@idempotent(config=config, persistence_store=persistence)
def handler(event, context):
    return app.resolve(event, context)
