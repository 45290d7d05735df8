//! `get`: shows an order.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use dead_letters::{DeadLetter, DeadLetterQueue, QueueName};
use order_core::OrderId;
use reqwest::StatusCode;
use serde_json::Value;
use stack_client::problem::format_problem;
use stack_client::{Api, Connection};
use terminal::text::sanitize_line;
use terminal::{invocation, stdout};
use tokio::time::Instant;

use crate::order_view::OrderView;

/// The pause between two requests.
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The order's id
    id: OrderId,
    /// Wait until the order is stored, for 30 seconds unless SECONDS are given
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "30")]
    wait: Option<u64>,
    /// Print the order as JSON
    #[arg(long)]
    json: bool,
}

/// Prints the order. If there is none, says whether its message is a dead letter.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let api = connection.api().await?;
    let deadline = Instant::now() + Duration::from_secs(arguments.wait.unwrap_or(0));
    match fetch(&api, arguments.id, deadline).await? {
        Some(order) if arguments.json => stdout::print_json(&order)?,
        Some(order) => {
            let view: OrderView = serde_json::from_value(order).context("the answer is not an order")?;
            stdout::print_line(&view.format())?;
        }
        None => {
            eprintln!("{}", describe_absence(arguments.id, connection).await);
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Requests the order until it is stored or the time is over. `None` if there is no such order.
async fn fetch(api: &Api, id: OrderId, deadline: Instant) -> anyhow::Result<Option<Value>> {
    let path = format!("/orders/{id}");
    loop {
        let response = api
            .send(api.get(&path))
            .await
            .with_context(|| format!("no answer from {}", api.url(&path)))?;
        let status = response.status();
        let body = response.bytes().await.context("the answer was cut off")?;
        let is_retryable = status == StatusCode::NOT_FOUND || status.is_server_error();
        match status {
            StatusCode::OK => {
                return serde_json::from_slice(&body)
                    .context("the answer is not JSON")
                    .map(Some);
            }
            _ if is_retryable && Instant::now() + PAUSE < deadline => tokio::time::sleep(PAUSE).await,
            StatusCode::NOT_FOUND => return Ok(None),
            _ => anyhow::bail!("{}", format_problem(status, &body)),
        }
    }
}

/// Says why there is no order, as far as it is known.
async fn describe_absence(id: OrderId, connection: &Connection) -> String {
    match find_dead_letter(id, connection).await {
        Ok(Some(letter)) => describe_dead_letter(id, &letter),
        Ok(None) => format!("there is no order {id}, or not yet; it is no dead letter either"),
        Err(error) => {
            format!(
                "there is no order {id}, or not yet (the dead-letter queue cannot be searched: {error:#})"
            )
        }
    }
}

fn describe_dead_letter(id: OrderId, letter: &DeadLetter) -> String {
    let detail = letter
        .detail
        .as_ref()
        .map(|detail| format!(" ({})", sanitize_line(detail)))
        .unwrap_or_default();
    let reason = sanitize_line(&letter.reason);
    let program = invocation::program_name();
    format!(
        "order {id} could not be processed: {reason}{detail}\nits message is in {}; replay it with: \
         {program} dlq replay {}",
        letter.queue.dead_letter_name(),
        letter.message_id
    )
}

async fn find_dead_letter(id: OrderId, connection: &Connection) -> anyhow::Result<Option<DeadLetter>> {
    let queue = DeadLetterQueue::open(connection, QueueName::Orders).await?;
    dead_letters::find_letter(&queue, &id.to_string()).await
}
