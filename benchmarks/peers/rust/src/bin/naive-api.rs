//! An API as short samples in Rust write it: it checks two fields, puts the `Idempotency-Key` into a table unless it is there, and sends the
//! order. A repeated request gets a conflict and not the first answer, and an order whose message fails is lost: only its speed is compared.

use std::env;
use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use aws_lambda_events::encodings::Body;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// How long a key is kept.
const RETENTION: Duration = Duration::from_hours(24);

#[tokio::main]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let api = Api {
        dynamodb: aws_sdk_dynamodb::Client::new(&config),
        sqs: aws_sdk_sqs::Client::new(&config),
        table: env::var("CLAIMS_TABLE")?,
        queue: env::var("ORDERS_QUEUE_URL")?,
    };
    lambda_runtime::run(service_fn(|event| api.handle(event))).await
}

struct Api {
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    table: String,
    queue: String,
}

impl Api {
    async fn handle(
        &self,
        event: LambdaEvent<ApiGatewayProxyRequest>,
    ) -> Result<ApiGatewayProxyResponse, Error> {
        let request = event.payload;
        let order: Value = serde_json::from_str(request.body.as_deref().unwrap_or_default())?;
        let customer = order["customer"]["id"].as_str().unwrap_or_default();
        let has_items = order["items"].as_array().is_some_and(|items| !items.is_empty());
        let key = request
            .headers
            .get("Idempotency-Key")
            .and_then(|key| key.to_str().ok());
        let Some(key) = key.filter(|_| !customer.is_empty() && has_items) else {
            let message = "an order has a key, a customer and items";
            return answer(400, &json!({ "message": message }));
        };
        if !self.claim(key).await? {
            return answer(409, &json!({ "message": "the key was used before" }));
        }
        let order_id = Uuid::now_v7().to_string();
        let accepted_at = OffsetDateTime::now_utc().format(&Rfc3339)?;
        let message = json!({
            "schema_version": 1, "order_id": order_id, "accepted_at": accepted_at, "order": order,
        });
        self.sqs
            .send_message()
            .queue_url(&self.queue)
            .message_body(message.to_string())
            .message_group_id(customer)
            .send()
            .await?;
        let accepted = json!({ "order_id": order_id, "status": "accepted", "accepted_at": accepted_at });
        answer(202, &accepted)
    }

    /// Whether the key is new.
    async fn claim(&self, key: &str) -> Result<bool, Error> {
        let expires = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)? + RETENTION;
        let put = self
            .dynamodb
            .put_item()
            .table_name(&self.table)
            .item("order_id", AttributeValue::S(key.to_owned()))
            .item("expires_at", AttributeValue::N(expires.as_secs().to_string()))
            .condition_expression("attribute_not_exists(order_id)")
            .send()
            .await;
        match put.map_err(SdkError::into_service_error) {
            Ok(_) => Ok(true),
            Err(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn answer(status: i64, body: &Value) -> Result<ApiGatewayProxyResponse, Error> {
    let mut response = ApiGatewayProxyResponse::default();
    response.status_code = status;
    response
        .headers
        .insert("content-type", "application/json".parse()?);
    response.body = Some(Body::Text(body.to_string()));
    Ok(response)
}
