//! `get`: shows an order.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use dead_letters::{DeadLetter, DeadLetterQueue, Interrupted, QueueName};
use order_core::{OrderId, QueueMessage};
use reqwest::StatusCode;
use serde_json::Value;
use stack_client::problem::format_problem;
use stack_client::{Api, Connection};
use terminal::exit::UsageError;
use terminal::text::sanitize_line;
use terminal::{invocation, stdout};
use tokio::time::Instant;

use crate::order_name::{KeyArguments, parse_order_id};
use crate::order_view::OrderView;

/// The pause between two requests.
const PAUSE: Duration = Duration::from_millis(100);
/// The pause between two searches in the dead-letter queue.
const SEARCH_PAUSE: Duration = Duration::from_secs(2);
/// The time of `--wait` without a number.
const WAIT_SECONDS: u64 = 30;

// The id may also follow `--wait`, which no group of clap can say.
#[derive(Debug, clap::Args)]
#[command(override_usage = "orderctl get [OPTIONS] <ID|--key <KEY>>")]
pub(crate) struct Arguments {
    /// The order's id
    #[arg(value_parser = parse_order_id, conflicts_with_all = ["key", "caller"])]
    id: Option<OrderId>,
    #[command(flatten)]
    key: KeyArguments,
    /// Wait until the order is stored, for 30 seconds unless SECONDS are given
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "30", value_parser = parse_wait)]
    wait: Option<Wait>,
    /// Print the order as JSON
    #[arg(long)]
    json: bool,
}

/// The value of `--wait`. The id may follow it, as in `get --wait ID`.
#[derive(Clone, Copy, Debug)]
enum Wait {
    Seconds(u64),
    Id(OrderId),
}

/// The order, or the dead letter, under an id.
#[derive(Debug)]
enum Found {
    Order(Value),
    /// It is accepted under a key, and not stored.
    Accepted,
    DeadLetter(Box<DeadLetter>),
    Nothing,
}

fn parse_wait(text: &str) -> Result<Wait, &'static str> {
    let id = || parse_order_id(text).map(Wait::Id);
    let wait = text.parse().map(Wait::Seconds).or_else(|_| id());
    wait.map_err(|_| "must be a number of seconds")
}

impl Arguments {
    /// The order's id, and how long to wait for it.
    async fn target(&self, connection: &Connection) -> anyhow::Result<(OrderId, Duration)> {
        let id = match self.key.order_id(connection).await? {
            Some(_) if matches!(self.wait, Some(Wait::Id(_))) => {
                return Err(UsageError("get shows one order: give an id or a key".to_owned()).into());
            }
            Some(id) => Some(id),
            None => self.id,
        };
        Ok(self.id_and_wait(id)?)
    }

    fn id_and_wait(&self, id: Option<OrderId>) -> Result<(OrderId, Duration), UsageError> {
        match (id, self.wait) {
            (Some(id), None) => Ok((id, Duration::ZERO)),
            (Some(id), Some(Wait::Seconds(seconds))) => Ok((id, Duration::from_secs(seconds))),
            (None, Some(Wait::Id(id))) => Ok((id, Duration::from_secs(WAIT_SECONDS))),
            (None, _) => Err(UsageError("say which order: get ID, or get --key KEY".to_owned())),
            (Some(_), Some(Wait::Id(_))) => Err(UsageError("get shows one order: give one id".to_owned())),
        }
    }
}

/// Prints the order. If there is none, says whether its message is a dead letter.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let (id, wait) = arguments.target(connection).await?;
    let api = connection.api().await?;
    let deadline = Instant::now() + wait;
    match fetch(&api, id, deadline, connection).await? {
        Found::Order(order) if arguments.json => stdout::print_json(&order)?,
        Found::Order(order) => {
            let view: OrderView = serde_json::from_value(order).context("the answer is not an order")?;
            stdout::print_line(&view.format())?;
        }
        Found::Accepted => {
            let what = format!("order {id} is accepted, and not stored yet");
            eprintln!("{}", describe_absence(id, &what, connection).await);
            return Ok(ExitCode::FAILURE);
        }
        Found::DeadLetter(letter) => {
            eprintln!("{}", describe_dead_letter(id, &letter, connection));
            return Ok(ExitCode::FAILURE);
        }
        Found::Nothing => {
            let what = format!("there is no order {id}, or not yet");
            eprintln!("{}", describe_absence(id, &what, connection).await);
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Requests the order until it is stored, its message is a dead letter, or the time is over.
async fn fetch(api: &Api, id: OrderId, deadline: Instant, connection: &Connection) -> anyhow::Result<Found> {
    let path = format!("/orders/{id}");
    let mut next_search = Instant::now() + SEARCH_PAUSE;
    loop {
        let response = api
            .send(api.get(&path))
            .await
            .with_context(|| format!("no answer from {}", api.url(&path)))?;
        let status = response.status();
        let body = response.bytes().await.context("the answer was cut off")?;
        let is_retryable =
            matches!(status, StatusCode::ACCEPTED | StatusCode::NOT_FOUND) || status.is_server_error();
        match status {
            StatusCode::OK => {
                let order = serde_json::from_slice(&body).context("the answer is not JSON")?;
                return Ok(Found::Order(order));
            }
            _ if is_retryable && Instant::now() + PAUSE < deadline => {
                if Instant::now() >= next_search {
                    // A search is never dropped: it gives back the letters that it hides.
                    match find_dead_letter(id, connection).await {
                        Ok(Some(letter)) if !is_cancellation(&letter) => {
                            return Ok(Found::DeadLetter(Box::new(letter)));
                        }
                        Err(error) if error.is::<Interrupted>() => return Err(error),
                        // The caller may not be allowed to read the queue. The order may still come.
                        Ok(_) | Err(_) => next_search = Instant::now() + SEARCH_PAUSE,
                    }
                }
                tokio::time::sleep(PAUSE).await;
            }
            StatusCode::ACCEPTED => return Ok(Found::Accepted),
            StatusCode::NOT_FOUND => return Ok(Found::Nothing),
            _ => anyhow::bail!("{}", format_problem(status, &body)),
        }
    }
}

/// Says why there is no stored order, as far as it is known. `what` is known without the dead letters.
async fn describe_absence(id: OrderId, what: &str, connection: &Connection) -> String {
    match find_dead_letter(id, connection).await {
        Ok(Some(letter)) if is_cancellation(&letter) => describe_dead_cancellation(what, &letter, connection),
        Ok(Some(letter)) => describe_dead_letter(id, &letter, connection),
        Ok(None) => format!("{what}; it is no dead letter either"),
        Err(error) => format!("{what} (the dead-letter queue cannot be searched: {error:#})"),
    }
}

/// Whether the message asks to cancel the order. It says nothing about the order itself.
fn is_cancellation(letter: &DeadLetter) -> bool {
    matches!(
        QueueMessage::from_json(&letter.body),
        Ok(QueueMessage::Cancellation(_))
    )
}

/// `what` says that the order is not stored.
fn describe_dead_cancellation(what: &str, letter: &DeadLetter, connection: &Connection) -> String {
    let program = invocation::program_name();
    format!(
        "{what}; a request to cancel it is a dead letter: {}\nit is in {}; replay it when the order is stored: {program} dlq replay \
         {}{}",
        describe_reason(letter),
        letter.queue.dead_letter_name(),
        letter.message_id,
        connection.options()
    )
}

fn describe_reason(letter: &DeadLetter) -> String {
    let detail = letter
        .detail
        .as_ref()
        .map(|detail| format!(" ({})", sanitize_line(detail)))
        .unwrap_or_default();
    format!("{}{detail}", sanitize_line(&letter.reason))
}

fn describe_dead_letter(id: OrderId, letter: &DeadLetter, connection: &Connection) -> String {
    let reason = describe_reason(letter);
    let program = invocation::program_name();
    format!(
        "order {id} could not be processed: {reason}\nits message is in {}; replay it with: \
         {program} dlq replay {}{}",
        letter.queue.dead_letter_name(),
        letter.message_id,
        connection.options()
    )
}

async fn find_dead_letter(id: OrderId, connection: &Connection) -> anyhow::Result<Option<DeadLetter>> {
    let queue = DeadLetterQueue::open(connection, QueueName::Orders).await?;
    dead_letters::find_letter(&queue, &id.to_string()).await
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::Message;

    use super::*;

    #[test]
    fn a_dead_cancellation_does_not_speak_of_a_dead_order() {
        let letter = |body: &str| DeadLetter::read(QueueName::Orders, &Message::builder().body(body).build());
        let cancellation = letter(include_str!("../../order-core/golden/message-v3.json"));
        assert!(is_cancellation(&cancellation));
        let connection = Connection::local("d".into());
        let text = describe_dead_cancellation("there is no order", &cancellation, &connection);
        assert!(
            text.starts_with("there is no order; a request to cancel it is a dead letter: "),
            "{text}"
        );
        for body in [include_str!("../../order-core/golden/message-v2.json"), "{", ""] {
            assert!(!is_cancellation(&letter(body)), "{body}");
        }
    }
}
