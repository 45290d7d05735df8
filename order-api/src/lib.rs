//! order-api: validates orders and enqueues them.
//!
//! A request's way through the modules: `request` decodes the proxy event, `route` finds the resource, `body` reads
//! the order's JSON, `handler` decides, `response` answers. [`ports`] are what the handler needs of the world,
//! [`adapters`] are AWS behind them.
//!
//! **Invariants:** to accept an order takes the queue alone: no failure of the table stops it. What is answered with
//! 202 was enqueued, or is stored already. No log line holds a body, an email address or a name.

pub mod adapters;
mod body;
pub mod config;
mod handler;
pub mod ports;
mod request;
mod response;
mod route;
mod telemetry;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

pub use config::{Config, ConfigError};
pub use handler::OrderApi;

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
    let api = OrderApi::new(queue, table);
    let api = &api;
    // The event is taken as raw JSON: the runtime's own deserialization errors would quote values of the payload.
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        // Boxed, because the types of the SDK's futures nest deeper than the compiler follows in one piece.
        Ok::<_, Error>(Box::pin(api.handle(event.payload)).await)
    }))
    .await
}
