//! The mailbox of the system on this machine. On AWS the mail goes to the subscribers' own inboxes.

use anyhow::Context;
use serde::Deserialize;

use crate::LocalControl;

/// The emails of one request.
const PAGE: u32 = 500;

/// An email.
#[derive(Debug, Deserialize)]
pub struct Mail {
    /// Its position in the mailbox.
    pub sequence: i64,
    /// Its subject line.
    pub subject: String,
    /// Its text.
    pub body: String,
    /// When it arrived, in RFC 3339.
    pub received_at: String,
}

#[derive(Debug, Deserialize)]
struct Page {
    mail: Vec<Mail>,
    next: i64,
}

/// Reads the whole mailbox, and returns the wanted emails, oldest first. `filter` is a further part of the query, such as
/// `&kind=notification`.
pub async fn find(
    control: &LocalControl,
    filter: &str,
    is_wanted: impl Fn(&Mail) -> bool,
) -> anyhow::Result<Vec<Mail>> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let request = control.get(&format!("mail?after={after}&limit={PAGE}{filter}"));
        let answer = request.send().await.context("the mailbox does not answer")?;
        let answer = answer.error_for_status().context("the mailbox cannot be read")?;
        let body = answer.bytes().await.context("the mailbox's answer was cut off")?;
        let page: Page = serde_json::from_slice(&body).context("the mailbox's answer cannot be read")?;
        if page.mail.is_empty() {
            return Ok(found);
        }
        after = page.next;
        found.extend(page.mail.into_iter().filter(&is_wanted));
    }
}
