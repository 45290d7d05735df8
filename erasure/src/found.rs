//! The data that the system holds of the subject.

use std::collections::BTreeSet;

use futures_util::{Stream, TryStreamExt as _};
use order_core::OrderId;
use serde::Serialize;
use stack_client::Connection;

use crate::claims::Claims;
use crate::located::Located;
use crate::orders::Orders;
use crate::subject::Subject;
use crate::{letters, mailbox, waiting};

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
        let Located { orders, letters } = Located::search(subject, &table, connection).await?;
        let shared = letters
            .iter()
            .filter(|letter| letters::is_shared(letter, &orders, subject));
        let emails = mailbox::read(&orders, connection).await?;
        Ok(Self {
            rows: count(table.rows(&orders)).await?,
            claims: count(Claims::open(connection).await?.read(&orders)).await?,
            dead_letters: letters.len() as u64,
            shared_letters: shared.count() as u64,
            emails: emails.map(|emails| emails.len() as u64),
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

async fn count<T>(items: impl Stream<Item = anyhow::Result<T>>) -> anyhow::Result<u64> {
    items.try_fold(0, async |sum, _| Ok(sum + 1)).await
}
