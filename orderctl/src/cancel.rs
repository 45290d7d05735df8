//! `cancel`: asks the API to cancel an order.

use std::process::ExitCode;

use anyhow::Context;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::json;
use stack_client::Connection;
use stack_client::problem::format_problem;
use terminal::text::sanitize_line;
use terminal::{invocation, stdout};

use crate::order_name::OrderArguments;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    order: OrderArguments,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The answer of the API: it was cancelled before, or it will be.
#[derive(Debug, Deserialize)]
struct Answer {
    cancelled_at: Option<String>,
}

/// Sends the request, and says what became of it. It may be repeated: an order that is cancelled stays as it is.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let id = arguments.order.order_id(connection).await?;
    let api = connection.api().await?;
    let path = format!("/orders/{id}/cancel");
    let answer = api.send(api.post(&path)).await;
    let answer = answer.with_context(|| format!("no answer from {}", api.url(&path)))?;
    let status = answer.status();
    let body = answer.bytes().await.context("the answer was cut off")?;
    anyhow::ensure!(
        matches!(status, StatusCode::OK | StatusCode::ACCEPTED),
        "{}",
        format_problem(status, &body)
    );
    let answer: Answer = serde_json::from_slice(&body).context("the answer cannot be read")?;
    if arguments.json {
        let cancelled_at = answer.cancelled_at;
        stdout::print_json(&json!({ "version": 1, "order_id": id, "cancelled_at": cancelled_at }))?;
    } else if let Some(at) = answer.cancelled_at {
        stdout::print_line(&format!("order {id} was cancelled at {}", sanitize_line(&at)))?;
    } else {
        let program = invocation::program_name();
        stdout::print_line(&format!(
            "the request to cancel order {id} is in the queue; see the order with: {program} get {id}{}",
            connection.options()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
