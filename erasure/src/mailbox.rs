//! The mailbox of the system on this machine. Nobody can take back an email that AWS has sent.

use std::collections::BTreeSet;

use anyhow::Context;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use order_core::OrderId;
use serde::Deserialize;
use stack_client::{Connection, LocalControl, Target};

use crate::email_text::{self, Remainder};
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

/// Deletes the emails that name one of the orders. A digest keeps the lines of other orders. Returns the number of emails that
/// named one; `None` on AWS.
pub(crate) async fn delete(
    orders: &BTreeSet<OrderId>,
    connection: &Connection,
) -> anyhow::Result<Option<u64>> {
    if connection.target() == Target::Aws {
        return Ok(None);
    }
    let control = connection.local_control().await?;
    let found = find(orders, &control).await?;
    let deletions = found.iter().map(async |mail| {
        let path = format!("mail/{}", mail.sequence);
        let call = match email_text::without(&mail.body, orders) {
            Remainder::All => return Ok(()),
            Remainder::Others(text) => control.put(&path).body(text),
            Remainder::Nothing => control.delete(&path),
        };
        let answer = call.send().await.context("the mailbox does not answer")?;
        answer.error_for_status().context("an email was not erased")?;
        anyhow::Ok(())
    });
    stream::iter(deletions)
        .buffered(IN_FLIGHT)
        .try_collect::<()>()
        .await?;
    Ok(Some(found.len() as u64))
}

async fn find(orders: &BTreeSet<OrderId>, control: &LocalControl) -> anyhow::Result<Vec<Mail>> {
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
        let mail = page.mail.into_iter();
        found.extend(mail.filter(|mail| email_text::names_one_of(&mail.body, orders)));
    }
}
