//! The mailbox of the system on this machine. Nobody can take back an email that AWS has sent.

use std::collections::BTreeSet;

use anyhow::Context;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use order_core::OrderId;
use serde::Deserialize;
use stack_client::{Connection, LocalControl, Target};

use crate::orders::IN_FLIGHT;

/// Emails of one answer.
const PAGE: u32 = 500;

#[derive(Debug, Deserialize)]
struct Page {
    mail: Vec<Mail>,
    next: i64,
}

#[derive(Debug, Deserialize)]
struct Mail {
    sequence: i64,
    body: String,
}

impl Mail {
    /// Whether it names one of the orders. A digest names several.
    fn names_one_of(&self, orders: &BTreeSet<OrderId>) -> bool {
        orders.iter().any(|order| self.body.contains(&order.to_string()))
    }
}

/// Counts the emails that name one of the orders. `None` on AWS.
pub(crate) async fn count(
    orders: &BTreeSet<OrderId>,
    connection: &Connection,
) -> anyhow::Result<Option<u64>> {
    if connection.target() == Target::Aws {
        return Ok(None);
    }
    let found = find(orders, &connection.local_control().await?).await?;
    Ok(Some(found.len() as u64))
}

/// Deletes the emails that name one of the orders, whole digests too. Returns their number; `None` on AWS.
pub(crate) async fn delete(
    orders: &BTreeSet<OrderId>,
    connection: &Connection,
) -> anyhow::Result<Option<u64>> {
    if connection.target() == Target::Aws {
        return Ok(None);
    }
    let control = connection.local_control().await?;
    let found = find(orders, &control).await?;
    let deletions = found.iter().map(async |sequence| {
        let answer = control.delete(&format!("mail/{sequence}")).send().await;
        let answer = answer.context("the mailbox does not answer")?;
        answer.error_for_status().context("an email was not deleted")?;
        anyhow::Ok(())
    });
    stream::iter(deletions)
        .buffered(IN_FLIGHT)
        .try_collect::<()>()
        .await?;
    Ok(Some(found.len() as u64))
}

async fn find(orders: &BTreeSet<OrderId>, control: &LocalControl) -> anyhow::Result<Vec<i64>> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let request = control.get(&format!("mail?after={after}&limit={PAGE}"));
        let answer = request.send().await.context("the mailbox does not answer")?;
        let answer = answer.error_for_status().context("the mailbox cannot be read")?;
        let body = answer.bytes().await.context("the mailbox's answer was cut off")?;
        let page: Page = serde_json::from_slice(&body).context("the mailbox's answer cannot be read")?;
        if page.mail.is_empty() {
            return Ok(found);
        }
        after = page.next;
        let named = page.mail.iter().filter(|mail| mail.names_one_of(orders));
        found.extend(named.map(|mail| mail.sequence));
    }
}
