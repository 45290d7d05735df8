//! The marks of failed orders, which a replay removes.

use aws_sdk_dynamodb::Client;
use futures_util::{StreamExt as _, stream};
use order_core::OrderId;
use order_table::attribute_value::failed_key;

use stack_client::{Connection, Resource};

/// Calls in flight at once.
const IN_FLIGHT: usize = 10;

/// The table of marks.
#[derive(Debug)]
pub(super) struct FailedMarks {
    dynamodb: Client,
    table: String,
}

impl FailedMarks {
    pub(super) async fn open(connection: &Connection) -> anyhow::Result<Self> {
        Ok(Self {
            dynamodb: connection.dynamodb().await?,
            table: connection.resource(Resource::ClaimsTableName).await?,
        })
    }

    /// Removes the marks of orders. Returns the first error: the orders look failed until they are stored, and nothing else depends
    /// on a mark.
    pub(super) async fn remove(&self, orders: &[OrderId]) -> anyhow::Result<()> {
        let removals = orders.iter().map(async |order| {
            let call = self.dynamodb.delete_item().table_name(&self.table);
            call.set_key(Some(failed_key(*order))).send().await
        });
        let removed: Vec<_> = stream::iter(removals).buffered(IN_FLIGHT).collect().await;
        removed.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(())
    }
}
