//! `place`: sending an order.

use std::io::Read;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use order_core::IdempotencyKey;
use reqwest::{Response, StatusCode, header};
use serde_json::Value;
use uuid::Uuid;

use stack_client::problem::format_problem;
use stack_client::{Api, Connection};
use terminal::text::sanitize;
use terminal::{invocation, stdout};

/// How often an order is sent at most.
const TRIES: u32 = 5;
/// The wait after the first try; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// File with the order's JSON, such as events/order.json; `-` reads standard input
    file: String,
    /// Key under which the same order can be sent again without being placed twice [default: a new one]
    #[arg(long, value_name = "KEY", value_parser = IdempotencyKey::parse)]
    idempotency_key: Option<IdempotencyKey>,
    /// Print the whole answer as JSON instead of the id
    #[arg(long)]
    json: bool,
}

/// Sends the order and prints its id. It always carries an idempotency key, so that trying again is safe.
pub(crate) async fn run(arguments: Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let order = read(&arguments.file)?;
    let key = arguments
        .idempotency_key
        .map_or_else(|| Uuid::new_v4().to_string(), |key| quoted(&key));
    let response = send(&connection.api().await?, &key, &order).await?;
    let status = response.status();
    let body = response.bytes().await.context("the answer broke off")?;
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
            "accepted, {currency} {total}; see it with: {} get {id} --wait",
            invocation::program_name()
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn read(file: &str) -> anyhow::Result<Vec<u8>> {
    if file == "-" {
        let mut text = Vec::new();
        std::io::stdin()
            .lock()
            .read_to_end(&mut text)
            .context("standard input cannot be read")?;
        return Ok(text);
    }
    std::fs::read(file).with_context(|| format!("{file} cannot be read"))
}

/// The key as the header carries it: a quoted string, since a bare key may begin with what opens one.
fn quoted(key: &IdempotencyKey) -> String {
    format!("\"{}\"", key.as_str().replace('\\', "\\\\").replace('"', "\\\""))
}

async fn send(api: &Api, key: &str, order: &[u8]) -> anyhow::Result<Response> {
    let mut pause = FIRST_PAUSE;
    let mut attempt = 1;
    loop {
        let request = api
            .post("/orders")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(order.to_vec());
        let sent = api.send(request).await;
        let reason = match &sent {
            Ok(response) if is_passing(response.status()) => response.status().to_string(),
            Err(error) if error.is_retryable() => "no answer".to_owned(),
            _ => return sent.context("the order could not be sent"),
        };
        if attempt == TRIES {
            return sent.with_context(|| format!("no answer from {} in {TRIES} tries", api.url("/orders")));
        }
        eprintln!("{reason}, trying again");
        tokio::time::sleep(pause).await;
        pause *= 2;
        attempt += 1;
    }
}

/// Whether the same request may succeed a moment later.
fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_as_the_key_that_it_is() {
        for text in ["k-1", "\"k-1\"", r"a\b", r#"a"b"#] {
            let key = IdempotencyKey::parse(text).unwrap();
            assert_eq!(IdempotencyKey::parse(&quoted(&key)).unwrap(), key, "{text}");
        }
    }

    #[test]
    fn only_what_may_pass_is_sent_again() {
        let passing: Vec<u16> = (200..600)
            .filter(|status| StatusCode::from_u16(*status).is_ok_and(is_passing))
            .collect();
        assert_eq!(passing, [429, 502, 503, 504]);
    }
}
