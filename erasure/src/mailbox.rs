//! The mailbox of the system on this machine. Nobody can take back an email that AWS has sent.

use std::collections::BTreeSet;

use anyhow::Context;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use order_core::OrderId;
use stack_client::mailbox::{self, Mail};
use stack_client::{Connection, LocalControl, Target};

use crate::email_text;
use crate::orders::IN_FLIGHT;

/// Reads the emails that name one of the orders. `None` on AWS.
pub(crate) async fn read(
    orders: &BTreeSet<OrderId>,
    connection: &Connection,
) -> anyhow::Result<Option<Vec<Mail>>> {
    if connection.target() == Target::Aws {
        return Ok(None);
    }
    find(orders, &connection.local_control().await?).await.map(Some)
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
            Some(text) => control.put(&path).body(text),
            None => control.delete(&path),
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
    mailbox::find(control, "", |mail| email_text::names_one_of(&mail.body, orders)).await
}
