//! The data that the system holds of the subject.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use order_core::OrderId;
use serde::Serialize;
use stack_client::Connection;

use crate::orders::{IN_FLIGHT, Orders};
use crate::subject::Subject;
use crate::{claims, letters, mailbox, waiting};

/// The data that was found before anything was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    /// The orders, stored or not.
    pub(crate) orders: BTreeSet<OrderId>,
    /// How many of them have a row.
    pub(crate) rows: u64,
    /// Claims and marks.
    pub(crate) claims: u64,
    /// Dead letters in all queues.
    pub(crate) dead_letters: u64,
    /// Those of them that are emails which cover other orders too.
    pub(crate) shared_letters: u64,
    /// Emails in the mailbox of this machine; `None` on AWS.
    pub(crate) emails: Option<u64>,
    /// Messages of all orders that wait in the source queues.
    pub(crate) waiting_messages: u64,
}

impl Found {
    /// Searches everything that the system holds.
    pub(crate) async fn search(subject: &Subject, connection: &Connection) -> anyhow::Result<Self> {
        let table = Orders::open(connection).await?;
        let all_letters = letters::read(connection).await?;
        let mut orders: BTreeSet<OrderId> = subject.order().into_iter().collect();
        if let Some(customer) = subject.customer() {
            orders.extend(table.of_customer(customer).await?);
            orders.extend(letters::orders_of(&all_letters, subject));
        }
        let rows = orders.iter().map(|order| table.has_row(*order));
        let rows: Vec<bool> = stream::iter(rows).buffered(IN_FLIGHT).try_collect().await?;
        let about = all_letters
            .iter()
            .filter(|letter| letters::is_about(letter, &orders, subject));
        Ok(Self {
            rows: rows.into_iter().filter(|has_row| *has_row).count() as u64,
            claims: claims::count(&orders, connection).await?,
            dead_letters: about.clone().count() as u64,
            shared_letters: about
                .filter(|letter| letters::is_shared(letter, &orders, subject))
                .count() as u64,
            emails: mailbox::count(&orders, connection).await?,
            waiting_messages: waiting::count(connection).await?,
            orders,
        })
    }

    /// The counts in one line.
    pub(crate) fn describe(&self) -> String {
        let mut parts = vec![
            format!("orders {} (stored {})", self.orders.len(), self.rows),
            format!("claims and marks {}", self.claims),
            format!("dead letters {}", self.dead_letters),
        ];
        parts.extend(
            self.emails
                .map(|emails| format!("emails in the mailbox {emails}")),
        );
        parts.join(", ")
    }
}
