//! order-api: validates orders and enqueues them.
//!
//! A request's way through the modules: `request` decodes the proxy event, `route` finds the resource, `body` reads
//! the body's JSON, `handler` decides, `response` answers. [`ports`] are what the handler needs of the world,
//! [`adapters`] are AWS behind them.
//!
//! **Invariants:** to accept an order takes the queue alone: no failure of the table stops it. What is answered with
//! 202 was enqueued, or is stored already. No log line holds a body, an email address or a name.

pub mod adapters;
mod body;
mod conditional;
pub mod config;
mod cors;
mod cursor;
mod handler;
mod list_query;
mod openapi;
pub mod ports;
mod request;
mod response;
mod route;

use std::time::{Duration, SystemTime};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

pub use config::{Config, ConfigError};
pub use cors::{AllowedOrigins, AllowedOriginsError};
pub use handler::OrderApi;

/// Kept of the function's time to hand over an answer, even if it is only that something took too long.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);

/// Runs the function until its environment ends: sets up logging, reads the configuration from the environment, and
/// serves invocations of Lambda's Runtime API.
///
/// Fails when a variable is missing ([`ConfigError`]) or when the Runtime API goes away.
pub async fn run() -> Result<(), Error> {
    telemetry::init();
    let config = Config::from_env().inspect_err(|error| tracing::error!(%error, "order-api cannot start"))?;
    let sdk = adapters::sdk_config().await;
    let queue = adapters::SqsOrderQueue::new(&sdk, config.orders_queue_url);
    let table = adapters::DynamoDbOrderTable::new(&sdk, config.orders_table);
    let api = OrderApi::new(queue, table, config.allowed_origins);
    let api = &api;
    // The event is taken as raw JSON: the runtime's own deserialization errors would quote values of the payload.
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let time_left = event.context.deadline().duration_since(SystemTime::now());
        let time_left = time_left.unwrap_or_default().saturating_sub(TIME_TO_ANSWER);
        // Boxed, because the types of the SDK's futures nest deeper than the compiler follows in one piece.
        Ok::<_, Error>(Box::pin(api.handle(event.payload, time_left)).await)
    }))
    .await
}
