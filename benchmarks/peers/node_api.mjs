// An API as samples of Powertools write it: a few checks, idempotent by a table.

import { randomUUID } from "node:crypto";

import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const sqs = new SQSClient({});
const persistenceStore = new DynamoDBPersistenceLayer({ tableName: process.env.CLAIMS_TABLE, keyAttr: "order_id", expiryAttr: "expires_at" });
const config = new IdempotencyConfig({ eventKeyJmesPath: 'headers."Idempotency-Key"' });

async function place(event) {
  const order = JSON.parse(event.body);
  if (!order.customer?.id || !order.items?.length) {
    return { statusCode: 400, body: JSON.stringify({ message: "an order has a customer and items" }) };
  }
  const cents = order.items.reduce((sum, item) => sum + item.quantity * Math.round(Number(item.unit_price) * 100), 0);
  order.total = (cents / 100).toFixed(2);
  const order_id = randomUUID();
  const accepted_at = new Date().toISOString();
  await sqs.send(new SendMessageCommand({
    QueueUrl: process.env.ORDERS_QUEUE_URL,
    MessageBody: JSON.stringify({ schema_version: 1, order_id, accepted_at, order }),
    MessageGroupId: order.customer.id,
  }));
  return { statusCode: 202, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ order_id, status: "accepted", accepted_at }) };
}

export const handler = makeIdempotent(place, { persistenceStore, config });
