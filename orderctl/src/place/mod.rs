//! `place`: places an order, or many.

mod batch;
mod input;
mod send;

use std::process::ExitCode;

use anyhow::Context;
use order_core::IdempotencyKey;
use reqwest::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use input::Input;
use send::send;
use stack_client::Connection;
use stack_client::problem::format_problem;
use terminal::text::sanitize;
use terminal::{invocation, stdout};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Files, such as events/order.json; `-` reads standard input. A file holds one order, a JSON array of orders, or JSON
    /// Lines with an order in each line
    #[arg(value_name = "FILE", required = true)]
    files: Vec<String>,
    /// Key with which the same order can be sent again without being placed twice [default: a new one]. With many orders each
    /// gets this key with its number. Without it, their keys follow from their content, so that the same command goes on
    /// after an interruption, and equal orders of one command stay apart
    #[arg(long, value_name = "KEY", value_parser = IdempotencyKey::parse)]
    idempotency_key: Option<IdempotencyKey>,
    /// Print the whole answer as JSON instead of the id; for many orders JSON Lines, one for each order and then a summary
    #[arg(long)]
    json: bool,
}

/// Sends the order and prints its id. The request always carries an idempotency key, so that a retry is safe.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let order = match input::read(&arguments.files)? {
        Input::One(order) => order,
        Input::Many(orders) => {
            let entries = batch::make_entries(orders, arguments.idempotency_key.as_ref());
            return batch::place(entries, &connection.api().await?, arguments.json).await;
        }
    };
    let key = arguments
        .idempotency_key
        .map_or_else(|| Uuid::new_v4().to_string(), |key| quote(&key));
    let response = send(&connection.api().await?, "/orders", Some(&key), &order).await?;
    let status = response.status();
    let body = response.bytes().await.context("the answer was cut off")?;
    if status != StatusCode::ACCEPTED {
        anyhow::bail!("{}", format_problem(status, &body));
    }
    let answer: Value = serde_json::from_slice(&body).context("the answer is not JSON")?;
    let field = |name: &str| answer.get(name).and_then(Value::as_str).map(sanitize);
    let id = field("order_id").context("the answer holds no order_id")?;
    if arguments.json {
        stdout::print_json(&answer)?;
    } else {
        stdout::print_line(&id)?;
        let [total, currency] = ["total", "currency"].map(|name| field(name).unwrap_or_default());
        eprintln!(
            "accepted, {currency} {total}; see it with: {} get {id} --wait{}",
            invocation::program_name(),
            connection.options()
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// Formats the key for the header as a quoted string, since a key may itself begin with a quotation mark.
fn quote(key: &IdempotencyKey) -> String {
    format!("\"{}\"", key.as_str().replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_key_is_parsed_to_the_same_key() {
        for text in ["k-1", "\"k-1\"", r"a\b", r#"a"b"#] {
            let key = IdempotencyKey::parse(text).unwrap();
            assert_eq!(IdempotencyKey::parse(&quote(&key)).unwrap(), key, "{text}");
        }
    }
}
