//! order-api: validates orders and sends them to the queue.
//!
//! `rest-function` decodes the proxy event, reads the JSON document and builds the answer. In between, `route` finds the resource,
//! and `handler` decides. AWS is reached only through the [`ports`]; [`adapters`] implement them.
//!
//! **Invariant:** accepting an order needs the queue alone: no failure of a table prevents it. An order that is answered with
//! 202 was sent to the queue, or is stored. While the table of claims answers, all answers of 202 under one key are the same. No log
//! holds a body, an email address or a name.

pub mod adapters;
mod caller;
pub mod config;
mod cursor;
mod handler;
mod key_rule;
mod list_query;
mod message_group;
mod openapi;
pub mod ports;
mod problem;
mod route;
mod version;

use std::time::Duration;

use function_runtime::Environment;
use function_runtime::aws::Host;
use lambda_runtime::Error;

pub use config::{Config, Settings};
pub use handler::OrderApi;
pub use key_rule::{KeyRule, KeyRuleError};
pub use message_group::{MessageGroups, MessageGroupsError};
pub use rest_function::{AllowedOrigins, AllowedOriginsError};

/// Kept of the function's time for the answer, even if the answer is that a call took too long.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);

/// Runs the function until its host ends it.
///
/// # Errors
/// An environment variable is missing or invalid, or the host is gone.
pub async fn run(host: impl Host) -> Result<(), Error> {
    let config = Config::read(&Environment::new(|name| host.variable(name)))
        .inspect_err(|error| tracing::error!(%error, "order-api cannot start"))?;
    let sdk = host.load(adapters::CALLS.loader()).await;
    let queue = adapters::SqsOrderQueue::new(&sdk, config.orders_queue_url, config.message_groups);
    let clients = adapters::DynamoDbClients::new(&sdk);
    let table = adapters::DynamoDbOrderTable::new(&clients, config.orders_table);
    let claims = adapters::DynamoDbClaimTable::new(&clients, config.claims_table, config.claim_retention);
    let api = OrderApi::new(queue, table, claims, config.settings);
    host.serve(async |event, time_left: Duration| {
        let time_left = time_left.saturating_sub(TIME_TO_ANSWER);
        Ok::<_, Error>(telemetry::metrics::measured(Box::pin(api.handle(event, time_left))).await)
    })
    .await
}
