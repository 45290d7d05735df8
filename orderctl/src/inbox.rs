//! `inbox`: shows the emails of the system on this machine.

use std::process::ExitCode;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use stack_client::{Connection, Target};
use terminal::stdout;
use terminal::text::{sanitize, sanitize_line};

/// The emails of one request.
const PAGE: u32 = 500;
/// Seconds that a request waits for the next email with `--follow`.
const WAIT_SECONDS: u32 = 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Go on printing emails as they arrive, until Ctrl-C
    #[arg(long)]
    follow: bool,
    /// Only the newest N of the emails that have arrived, at most 1000
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(..=1000))]
    limit: Option<u16>,
    /// Print JSON Lines, without the emails that ask to confirm a subscription
    #[arg(long)]
    json: bool,
}

/// The answer of the mailbox.
#[derive(Debug, Deserialize)]
struct Page {
    mail: Vec<Mail>,
    /// Where the next page begins.
    next: i64,
}

#[derive(Debug, Deserialize, Serialize)]
struct Mail {
    #[serde(skip_serializing)]
    kind: String,
    to: String,
    subject: String,
    body: String,
    received_at: String,
}

impl Mail {
    fn format(&self) -> String {
        let [at, to, subject] = [&self.received_at, &self.to, &self.subject].map(|text| sanitize_line(text));
        let body = sanitize(&self.body);
        format!("{at}  to {to}\n{subject}\n\n{}\n", body.trim_end())
    }
}

/// Prints the emails that have arrived, oldest first. With `--follow` it goes on with new ones.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    if connection.target() == Target::Aws {
        anyhow::bail!("on AWS the mail goes to the subscribers' own inboxes, which nobody else can read");
    }
    let url = format!("{}/_local/mail", connection.local_endpoint_url().await?);
    let client = connection.local_http(&url)?;
    let mut after = 0;
    if let Some(limit) = arguments.limit {
        // At least one, from whose position a follower continues.
        let kind = if arguments.json { "&kind=notification" } else { "" };
        let page = read(&client, &url, &format!("newest={}{kind}", limit.max(1))).await?;
        after = page.next;
        for mail in page.mail.iter().take(usize::from(limit)) {
            print(mail, arguments.json)?;
        }
    } else {
        loop {
            let page = read(&client, &url, &format!("after={after}&limit={PAGE}")).await?;
            if page.mail.is_empty() {
                break;
            }
            after = page.next;
            for mail in page.mail.iter().filter(|mail| is_shown(mail, arguments.json)) {
                print(mail, arguments.json)?;
            }
        }
    }
    if !arguments.follow {
        if after == 0 {
            eprintln!("no mail yet");
        }
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        let page = read(
            &client,
            &url,
            &format!("after={after}&limit={PAGE}&wait={WAIT_SECONDS}"),
        )
        .await?;
        after = page.next;
        for mail in page.mail.iter().filter(|mail| is_shown(mail, arguments.json)) {
            print(mail, arguments.json)?;
        }
    }
}

/// JSON is for programs, which need the notifications only. People also see the emails that ask to confirm a subscription.
fn is_shown(mail: &Mail, json: bool) -> bool {
    !json || mail.kind == "notification"
}

fn print(mail: &Mail, json: bool) -> std::io::Result<()> {
    if json {
        stdout::print_json(mail)
    } else {
        stdout::print_line(&mail.format())
    }
}

async fn read(client: &reqwest::Client, url: &str, query: &str) -> anyhow::Result<Page> {
    let response = client
        .get(format!("{url}?{query}"))
        .send()
        .await
        .context("the mailbox does not answer")?;
    let response = response
        .error_for_status()
        .context("the mailbox cannot be read")?;
    let body = response
        .bytes()
        .await
        .context("the mailbox's answer was cut off")?;
    serde_json::from_slice(&body).context("the mailbox's answer cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        serde_json::from_str(
            r#"{"mail": [
                {"sequence": 1, "message_id": "m", "kind": "confirmation", "to": "you@example.com", "subject": "Confirm?",
                 "body": "link", "received_at": "2026-11-23T09:35:00.000Z", "subscription_arn": "a"},
                {"sequence": 2, "message_id": "m", "kind": "notification", "to": "you@example.com", "subject": "Order 4e5f6a7b",
                 "body": "2 x tea\ntotal EUR 25.00\n", "received_at": "2026-11-23T09:35:02.000Z", "subscription_arn": "a"}],
                "next": 2}"#,
        )
        .unwrap()
    }

    #[test]
    fn people_read_an_email_as_text() {
        insta::assert_snapshot!(page().mail[1].format(), @r"
        2026-11-23T09:35:02.000Z  to you@example.com
        Order 4e5f6a7b

        2 x tea
        total EUR 25.00
        ");
    }

    #[test]
    fn programs_read_notifications_only() {
        let page = page();
        let lines: Vec<String> = page
            .mail
            .iter()
            .filter(|mail| is_shown(mail, true))
            .map(|mail| serde_json::to_string(mail).unwrap())
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"{"to":"you@example.com","subject":"Order 4e5f6a7b","body":"2 x tea\ntotal EUR 25.00\n","received_at":"2026-11-23T09:35:02.000Z"}"#);
    }
}
