//! Placing many orders through `/orders/batch`.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use order_core::IdempotencyKey;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use stack_client::Api;
use stack_client::problem::format_problem;
use terminal::text::sanitize;
use terminal::{exit, stdout};
use uuid::Uuid;

use super::send::{FIRST_PAUSE, MAX_ATTEMPTS, is_retryable, send};

/// The most entries of a batch request. Source: docs/openapi.yaml.
const MAX_ENTRIES: usize = 100;
/// The most bytes of the entries of a batch request. The API takes 1 MB, the frame included.
const MAX_BYTES: usize = 1_000_000;

/// An order and its key.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    key: String,
    /// The entry as the API takes it.
    json: String,
}

#[derive(Debug, Deserialize)]
struct Answer {
    results: Vec<Value>,
}

/// Gives each order a key. Without a given one it follows from the order's content and from the number of equal orders
/// before it, so that the same input always has the same keys.
pub(super) fn make_entries(orders: Vec<Value>, given: Option<&IdempotencyKey>) -> Vec<Entry> {
    let mut seen: HashMap<Uuid, u32> = HashMap::new();
    let entries = orders.into_iter().enumerate().map(|(index, order)| {
        let key = if let Some(given) = given {
            format!("{}-{}", given.as_str(), index + 1)
        } else {
            // The fields of a `Value` are sorted: white space and the order of fields do not count.
            let content = Uuid::new_v5(&Uuid::NAMESPACE_OID, order.to_string().as_bytes());
            let number = seen.entry(content).or_default();
            *number += 1;
            format!("{content}-{number}")
        };
        let json = json!({ "idempotency_key": key, "order": order }).to_string();
        Entry { key, json }
    });
    entries.collect()
}

/// Sends the entries, prints the result of each, and then a summary.
pub(super) async fn place(entries: Vec<Entry>, api: &Api, json: bool) -> anyhow::Result<ExitCode> {
    let total = entries.len();
    let (mut accepted, mut refused) = (0, 0);
    let mut rest = &entries[..];
    while !rest.is_empty() {
        let count = count_in_batch(rest);
        let (batch, later) = rest.split_at(count);
        rest = later;
        let results = match place_batch(batch, api).await {
            Ok(results) => results,
            Err(error) => {
                print_summary(total, accepted, refused, json)?;
                return Err(
                    error.context("stopped: the same command goes on from here, and places no order twice")
                );
            }
        };
        for (entry, result) in batch.iter().zip(&results) {
            let is_accepted = result["status"] == 202;
            if is_accepted {
                accepted += 1;
            } else {
                refused += 1;
            }
            print_result(entry, result, is_accepted, accepted + refused, json)?;
        }
        if std::io::stderr().is_terminal() || total > MAX_ENTRIES {
            eprintln!("sent {} of {total}", accepted + refused);
        }
    }
    print_summary(total, accepted, refused, json)?;
    Ok(exit::code(accepted == total))
}

/// How many entries fit into the next request. One that is too large is sent alone, and the API refuses it.
fn count_in_batch(entries: &[Entry]) -> usize {
    let mut bytes = r#"{"entries":[]}"#.len();
    let fitting = entries.iter().take(MAX_ENTRIES).take_while(|entry| {
        bytes += entry.json.len() + 1;
        bytes <= MAX_BYTES
    });
    fitting.count().max(1)
}

/// Sends a batch until each entry has a result that is not temporary, or the attempts are used up. Entries with a temporary
/// failure are sent again under their keys.
async fn place_batch(batch: &[Entry], api: &Api) -> anyhow::Result<Vec<Value>> {
    let mut results = vec![Value::Null; batch.len()];
    let mut open: Vec<usize> = (0..batch.len()).collect();
    let mut pause = FIRST_PAUSE;
    for attempt in 1..=MAX_ATTEMPTS {
        let entries: Vec<&str> = open.iter().map(|&index| batch[index].json.as_str()).collect();
        let body = format!(r#"{{"entries":[{}]}}"#, entries.join(","));
        let response = send(api, "/orders/batch", None, body.as_bytes()).await?;
        let status = response.status();
        let body = response.bytes().await.context("the answer was cut off")?;
        if status != StatusCode::MULTI_STATUS {
            anyhow::bail!("{}", format_problem(status, &body));
        }
        let answer: Answer = serde_json::from_slice(&body).context("the answer is no list of results")?;
        anyhow::ensure!(
            answer.results.len() == open.len(),
            "the answer has another number of results"
        );
        let answered = std::mem::take(&mut open);
        for (index, result) in answered.into_iter().zip(answer.results) {
            let status = result["status"]
                .as_u64()
                .and_then(|status| u16::try_from(status).ok());
            let status = status.and_then(|status| StatusCode::from_u16(status).ok());
            if status.is_some_and(is_retryable) && attempt < MAX_ATTEMPTS {
                open.push(index);
            }
            results[index] = result;
        }
        if open.is_empty() {
            break;
        }
        eprintln!("{} orders were not taken yet, retrying", open.len());
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
    Ok(results)
}

fn print_result(
    entry: &Entry,
    result: &Value,
    is_accepted: bool,
    number: usize,
    json: bool,
) -> std::io::Result<()> {
    if json {
        return stdout::print_json(result);
    }
    if is_accepted {
        let id = result["accepted"]["order_id"].as_str().unwrap_or_default();
        return stdout::print_line(&sanitize(id));
    }
    let status = result["status"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let problem = format_problem(
        status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        result["problem"].to_string().as_bytes(),
    );
    eprintln!(
        "order {number} (key {}) was refused: {problem}",
        sanitize(&entry.key)
    );
    Ok(())
}

fn print_summary(total: usize, accepted: usize, refused: usize, json: bool) -> std::io::Result<()> {
    let unsent = total - accepted - refused;
    if json {
        let summary =
            json!({ "orders": total, "accepted": accepted, "refused": refused, "not_sent": unsent });
        return stdout::print_document(1, &summary);
    }
    eprintln!("accepted {accepted} of {total}, refused {refused}, not sent {unsent}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(orders: &[Value], given: Option<&str>) -> Vec<String> {
        let given = given.map(|key| IdempotencyKey::parse(key).unwrap());
        let entries = make_entries(orders.to_vec(), given.as_ref());
        entries.into_iter().map(|entry| entry.key).collect()
    }

    #[test]
    fn keys_follow_from_the_content_and_equal_orders_stay_apart() {
        let text = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let [one, same, other] = [r#"{"a": 1, "b": 2}"#, r#"{"b":2,"a":1}"#, r#"{"a": 2}"#].map(text);
        let first = keys(&[one.clone(), other.clone(), one.clone()], None);
        assert_eq!(first, keys(&[same.clone(), other.clone(), same], None));
        assert_eq!(first.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
        // A new order in front does not change the keys of the others.
        assert_eq!(keys(&[other, one], None)[1], first[0]);
        assert_eq!(keys(&[json!(1), json!(2)], Some("k")), ["k-1", "k-2"]);
        assert!(first.iter().all(|key| IdempotencyKey::parse(key).is_ok()));
    }

    #[test]
    fn a_batch_respects_both_limits() {
        let entry = |bytes: usize| Entry {
            key: String::new(),
            json: "x".repeat(bytes),
        };
        assert_eq!(count_in_batch(&vec![entry(10); 250]), 100);
        assert_eq!(count_in_batch(&vec![entry(60_000); 30]), 16);
        assert_eq!(count_in_batch(&[entry(2_000_000), entry(1)]), 1);
    }
}
