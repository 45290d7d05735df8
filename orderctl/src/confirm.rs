//! `confirm`: confirms an email subscription of the system on this machine again.

use std::process::ExitCode;

use anyhow::Context;
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde_json::{Value, json};
use stack_client::{Connection, Target};
use terminal::exit::UsageError;
use terminal::stdout;
use terminal::text::sanitize_line;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// ARN of the subscription, as `status` shows it
    #[arg(value_name = "ARN")]
    subscription: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Deserialize)]
struct Answer {
    subscription: Value,
}

/// Confirms a pending or suspended subscription, as the link in its mail does.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    if connection.target() == Target::Aws {
        return Err(UsageError(
            "on AWS only the owner of the inbox can confirm a subscription, by the link in the mail that SNS sent"
                .to_owned(),
        )
        .into());
    }
    let mut url = Url::parse(&connection.local_endpoint_url().await?)?;
    url.path_segments_mut()
        .map_err(|()| anyhow::anyhow!("the AWS endpoint has no path"))?
        .pop_if_empty()
        .extend(["_local", "subscriptions", &arguments.subscription, "confirm"]);
    let client = connection.local_http(url.as_str())?;
    let answer = client
        .put(url)
        .send()
        .await
        .context("the system does not answer")?;
    let status = answer.status();
    let arn = sanitize_line(&arguments.subscription);
    anyhow::ensure!(status != StatusCode::NOT_FOUND, "there is no subscription {arn}");
    anyhow::ensure!(
        status == StatusCode::OK,
        "{arn} cannot be confirmed: the system answered {status}"
    );
    let body = answer.bytes().await.context("the answer was cut off")?;
    let answer: Answer = serde_json::from_slice(&body).context("the answer cannot be read")?;
    if arguments.json {
        stdout::print_json(&json!({ "version": 1, "subscription": answer.subscription }))?;
    } else {
        stdout::print_line(&format!("{arn} is confirmed"))?;
    }
    Ok(ExitCode::SUCCESS)
}
