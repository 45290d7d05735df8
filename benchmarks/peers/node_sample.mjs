// A worker as samples of Powertools write it: each record by itself, idempotent by a table.

import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PublishCommand, SNSClient } from "@aws-sdk/client-sns";
import { DynamoDBDocumentClient, PutCommand } from "@aws-sdk/lib-dynamodb";

const table = DynamoDBDocumentClient.from(new DynamoDBClient({}));
const sns = new SNSClient({});
const processor = new BatchProcessor(EventType.SQS);
const persistenceStore = new DynamoDBPersistenceLayer({ tableName: process.env.CLAIMS_TABLE, keyAttr: "order_id", expiryAttr: "expires_at" });
const config = new IdempotencyConfig({ eventKeyJmesPath: "order_id" });

const confirm = makeIdempotent(async (message) => {
  const { order, order_id, accepted_at, fingerprint } = message;
  const confirmed_at = new Date().toISOString();
  await table.send(new PutCommand({
    TableName: process.env.ORDERS_TABLE,
    Item: {
      order_id, schema_version: 1, fingerprint, status: "confirmed", accepted_at, confirmed_at, customer_id: order.customer.id,
      customer_email: order.customer.email, customer_name: order.customer.name, currency: order.currency, items: order.items,
      total: order.total, note: order.note,
    },
    ConditionExpression: "attribute_not_exists(order_id)",
  }));
  const type = "orders.order.confirmed.v1";
  const event = {
    specversion: "1.0", id: order_id, source: "/orders", type, subject: order_id, time: confirmed_at, datacontenttype: "application/json",
    data: { order_id, accepted_at, confirmed_at, order },
  };
  await sns.send(new PublishCommand({
    TopicArn: process.env.ORDER_EVENTS_TOPIC_ARN,
    Message: JSON.stringify(event),
    MessageAttributes: { event_type: { DataType: "String", StringValue: type } },
  }));
  return { order_id };
}, { persistenceStore, config });

const recordHandler = async (record) => confirm(JSON.parse(record.body));

export const handler = async (event, context) => {
  config.registerLambdaContext(context);
  return processPartialResponse(event, recordHandler, processor, { context });
};
