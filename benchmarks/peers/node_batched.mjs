// A worker that makes the calls of order-worker: 25 inserts and 10 events a call.

import { BatchExecuteStatementCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { PublishBatchCommand, SNSClient } from "@aws-sdk/client-sns";
import { marshall } from "@aws-sdk/util-dynamodb";

const dynamodb = new DynamoDBClient({});
const sns = new SNSClient({});
const TYPE = "orders.order.confirmed.v1";

function chunks(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) => list.slice(index * size, (index + 1) * size));
}

export async function handler(event) {
  const confirmed_at = new Date().toISOString();
  const messages = event.Records.map((record) => ({ id: record.messageId, ...JSON.parse(record.body) }));
  const failed = [];
  const stored = [];
  for (const batch of chunks(messages, 25)) {
    const Statements = batch.map(({ order, order_id, fingerprint, accepted_at }) => {
      const item = marshall({
        order_id, schema_version: 1, fingerprint, status: "confirmed", accepted_at, confirmed_at, customer_id: order.customer.id,
        customer_email: order.customer.email, customer_name: order.customer.name, currency: order.currency, items: order.items,
        total: order.total, note: order.note,
      });
      const fields = Object.keys(item).map((name) => `'${name}': ?`).join(", ");
      return { Statement: `INSERT INTO "${process.env.ORDERS_TABLE}" VALUE {${fields}}`, Parameters: Object.values(item) };
    });
    const { Responses } = await dynamodb.send(new BatchExecuteStatementCommand({ Statements }));
    batch.forEach((message, index) => (Responses[index].Error ? failed.push(message.id) : stored.push(message)));
  }
  for (const batch of chunks(stored, 10)) {
    const PublishBatchRequestEntries = batch.map(({ id, order, order_id, accepted_at }) => ({
      Id: id,
      Message: JSON.stringify({
        specversion: "1.0", id: order_id, source: "/orders", type: TYPE, subject: order_id, time: confirmed_at,
        datacontenttype: "application/json", data: { order_id, accepted_at, confirmed_at, order },
      }),
      MessageAttributes: { event_type: { DataType: "String", StringValue: TYPE } },
    }));
    const answer = await sns.send(new PublishBatchCommand({ TopicArn: process.env.ORDER_EVENTS_TOPIC_ARN, PublishBatchRequestEntries }));
    failed.push(...(answer.Failed ?? []).map((entry) => entry.Id));
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}
