//! How long the stack keeps the rows of orders.

use order_table::Retention;
use stack_client::Connection;

/// The output of the stack that has its parameter `OrderRetentionDays`.
const OUTPUT: &str = "OrderRetentionDays";

/// The time for which the stack keeps the row of an order. For ever if the stack cannot be read or does not say it.
pub async fn read_retention(connection: &Connection) -> Retention {
    let days = connection.setting(OUTPUT).await.ok().flatten();
    days.and_then(|days| days.parse().ok()).unwrap_or_default()
}
