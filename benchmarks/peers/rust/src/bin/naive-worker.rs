//! A worker as short samples in Rust write it: one `PutItem` and one `Publish` for each message, one after the other. After a failure between the
//! two calls no event is published, so it may lose one: only its speed is compared.

use std::collections::HashMap;
use std::env;

use aws_config::BehaviorVersion;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sns::types::MessageAttributeValue;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const EVENT_TYPE: &str = "orders.order.confirmed.v1";

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let worker = Worker {
        dynamodb: aws_sdk_dynamodb::Client::new(&config),
        sns: aws_sdk_sns::Client::new(&config),
        table: env::var("ORDERS_TABLE")?,
        topic: env::var("ORDER_EVENTS_TOPIC_ARN")?,
    };
    lambda_runtime::run(service_fn(|event| worker.handle(event))).await
}

struct Worker {
    dynamodb: aws_sdk_dynamodb::Client,
    sns: aws_sdk_sns::Client,
    table: String,
    topic: String,
}

impl Worker {
    async fn handle(&self, event: LambdaEvent<SqsEvent>) -> Result<SqsBatchResponse, Error> {
        let mut response = SqsBatchResponse::default();
        for record in event.payload.records {
            if self.confirm(&record).await.is_err() {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = record.message_id.unwrap_or_default();
                response.batch_item_failures.push(failure);
            }
        }
        Ok(response)
    }

    async fn confirm(&self, record: &SqsMessage) -> Result<(), Error> {
        let message: Value = serde_json::from_str(record.body.as_deref().unwrap_or_default())?;
        let confirmed_at = OffsetDateTime::now_utc().format(&Rfc3339)?;
        self.dynamodb
            .put_item()
            .table_name(&self.table)
            .set_item(Some(row(&message, &confirmed_at)))
            .condition_expression("attribute_not_exists(order_id)")
            .send()
            .await?;
        let event_type = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(EVENT_TYPE)
            .build()?;
        self.sns
            .publish()
            .topic_arn(&self.topic)
            .message(confirmed(&message, &confirmed_at).to_string())
            .message_attributes("event_type", event_type)
            .send()
            .await?;
        Ok(())
    }
}

fn row(message: &Value, confirmed_at: &str) -> HashMap<String, AttributeValue> {
    let order = &message["order"];
    let customer = &order["customer"];
    let fields = json!({
        "order_id": message["order_id"], "schema_version": 1, "fingerprint": message["fingerprint"], "status": "confirmed",
        "accepted_at": message["accepted_at"], "confirmed_at": confirmed_at, "customer_id": customer["id"],
        "customer_email": customer["email"], "customer_name": customer["name"], "currency": order["currency"],
        "items": order["items"], "total": order["total"], "note": order["note"],
    });
    match attribute(fields) {
        AttributeValue::M(row) => row,
        _ => HashMap::new(),
    }
}

fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(value),
        Value::Number(value) => AttributeValue::N(value.to_string()),
        Value::String(value) => AttributeValue::S(value),
        Value::Array(values) => AttributeValue::L(values.into_iter().map(attribute).collect()),
        Value::Object(fields) => AttributeValue::M(
            fields
                .into_iter()
                .map(|(name, value)| (name, attribute(value)))
                .collect(),
        ),
    }
}

fn confirmed(message: &Value, confirmed_at: &str) -> Value {
    json!({
        "specversion": "1.0", "id": message["order_id"], "source": "/orders", "type": EVENT_TYPE, "subject": message["order_id"],
        "time": confirmed_at, "datacontenttype": "application/json",
        "data": {
            "order_id": message["order_id"], "accepted_at": message["accepted_at"], "confirmed_at": confirmed_at, "order": message["order"],
        },
    })
}
