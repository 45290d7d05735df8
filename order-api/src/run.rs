//! Starts the function: configuration, clients, host.

use std::time::Duration;

use function_runtime::aws::{Host, open_connections};
use lambda_runtime::Error;
use telemetry::metrics;

use crate::adapters::{self, DynamoDbClaimTable, DynamoDbOrderTable, SqsOrderQueue};
use crate::config::Config;
use crate::handler::OrderApi;

/// Kept of the function's time for the answer, even if the answer is that a call took too long.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);

/// Runs the function until its host ends it.
///
/// # Errors
/// An environment variable is missing or invalid, or the host is gone.
pub async fn run(host: impl Host) -> Result<(), Error> {
    let config = Config::read(&host.environment())
        .inspect_err(|error| tracing::error!(%error, "order-api cannot start"))?;
    let sdk = host.load(adapters::CALLS.loader()).await;
    open_connections(&sdk, adapters::connections).await;
    let queue = SqsOrderQueue::new(&sdk, config.orders_queue_url, config.message_groups);
    let table = DynamoDbOrderTable::new(&sdk, config.orders_table, config.customer_index);
    let claims = DynamoDbClaimTable::new(&sdk, config.claims_table, config.claim_retention);
    let api = OrderApi::new(queue, table, claims, config.settings);
    host.serve(async |event, time_left: Duration| {
        let time_left = time_left.saturating_sub(TIME_TO_ANSWER);
        Ok::<_, Error>(metrics::measured(Box::pin(api.handle(event, time_left))).await)
    })
    .await
}
