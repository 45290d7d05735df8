//! The orders of the subject, and the dead letters about them.

use std::collections::BTreeSet;

use dead_letters::DeadLetter;
use order_core::OrderId;
use stack_client::Connection;

use crate::letters;
use crate::orders::Orders;
use crate::subject::Subject;

/// The orders of the subject, and the dead letters about them.
#[derive(Debug)]
pub(crate) struct Located {
    /// The orders, stored or not.
    pub(crate) orders: BTreeSet<OrderId>,
    /// The letters in all queues.
    pub(crate) letters: Vec<DeadLetter>,
}

impl Located {
    /// Searches the index of customers and the dead letters.
    pub(crate) async fn search(
        subject: &Subject,
        table: &Orders,
        connection: &Connection,
    ) -> anyhow::Result<Self> {
        let mut letters = letters::read(connection).await?;
        let mut orders: BTreeSet<OrderId> = subject.order().into_iter().collect();
        if let Some(customer) = subject.customer() {
            orders.extend(table.of_customer(customer).await?);
            orders.extend(letters::orders_of(&letters, subject));
        }
        letters.retain(|letter| letters::is_about(letter, &orders, subject));
        Ok(Self { orders, letters })
    }
}
