//! Reading all that is known of an order.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use dead_letters::{DeadLetter, DeadLetterQueue, Interrupted, QueueName};
use order_core::{OrderId, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};
use stack_client::function_logs::{self, LogLine};
use stack_client::problem::format_problem;
use stack_client::{Connection, Target, is_unreachable, mailbox};

use super::steps::{Stage, Step, Waiting, Way, of_letter, of_line, of_mail, of_order, trace_of};
use crate::status;

/// The part of the logs on AWS that is read if nobody knows when the order was accepted.
const LOG_SPAN: Duration = Duration::from_hours(24);
/// The status of an order that an operator has erased.
const ERASED: &str = "erased";
/// The clocks of two services may differ so much.
const CLOCK_SKEW: Duration = Duration::from_mins(1);

/// Asks every source. It is an error only if the API cannot be reached at all.
pub(super) async fn gather(id: OrderId, connection: &Connection) -> anyhow::Result<Way> {
    let mut unread = Vec::new();
    let order = note("order", fetch(id, connection).await, &mut unread)?.flatten();
    let mut letters = Vec::new();
    for queue in QueueName::OF_ORDERS {
        let found = find_letter(queue, id, connection).await;
        letters.extend(note(queue.dead_letter_name(), found, &mut unread)?.flatten());
    }
    let lines = read_logs(id, order.as_ref(), &letters, connection).await;
    let lines = note("logs", lines, &mut unread)?.unwrap_or_default();
    let mail = match connection.target() {
        Target::Local => note("mailbox", read_mail(id, connection).await, &mut unread)?.unwrap_or_default(),
        Target::Aws => Vec::new(),
    };
    let stage = stage(order.as_ref(), !letters.is_empty(), &lines);
    let waiting = match stage {
        Stage::Notified | Stage::Erased => Vec::new(),
        _ => note("queues", waiting(connection).await, &mut unread)?.unwrap_or_default(),
    };
    let mut steps: Vec<Step> = order.iter().flat_map(of_order).collect();
    steps.extend(letters.iter().map(of_letter));
    steps.extend(lines.iter().filter_map(of_line));
    steps.extend(mail);
    steps.sort();
    Ok(Way {
        order_id: id.to_string(),
        stage,
        trace: trace_of(order.as_ref(), &letters),
        steps,
        waiting,
        unread,
    })
}

/// The value of a source, or `None` with a note why it could not be read.
fn note<T>(source: &str, read: anyhow::Result<T>, unread: &mut Vec<String>) -> anyhow::Result<Option<T>> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is::<Interrupted>() || is_unreachable(&error) => Err(error),
        Err(error) => {
            unread.push(format!("{source}: {error:#}"));
            Ok(None)
        }
    }
}

fn stage(order: Option<&Value>, is_letter: bool, lines: &[LogLine]) -> Stage {
    let has = |name: &str| order.is_some_and(|order| order[name].is_string());
    match order {
        Some(order) if order["status"] == ERASED => Stage::Erased,
        // A letter beside a cancelled order is about its cancellation, of which nobody has heard yet.
        Some(_) if has("cancelled_at") && !is_letter => Stage::Cancelled,
        Some(_) if has("notified_at") && !has("cancelled_at") => Stage::Notified,
        _ if is_letter => Stage::DeadLetter,
        Some(_) if has("confirmed_at") => Stage::Confirmed,
        Some(_) => Stage::Accepted,
        None if lines.iter().any(|line| of_line(line).is_some()) => Stage::Logged,
        None => Stage::Unknown,
    }
}

/// The order, as it is stored, or with its status and time alone before, or with its status alone if it was erased. `None` if the
/// API knows none.
async fn fetch(id: OrderId, connection: &Connection) -> anyhow::Result<Option<Value>> {
    let api = connection.api().await?;
    let path = format!("/orders/{id}");
    let answer = api.send(api.get(&path)).await;
    let answer = answer.with_context(|| format!("no answer from {}", api.url(&path)))?;
    let status = answer.status();
    let body = answer.bytes().await.context("the answer was cut off")?;
    match status {
        StatusCode::OK | StatusCode::ACCEPTED => Ok(Some(
            serde_json::from_slice(&body).context("the answer is not JSON")?,
        )),
        StatusCode::GONE => Ok(Some(json!({ "status": ERASED }))),
        StatusCode::NOT_FOUND => Ok(None),
        _ => anyhow::bail!("{}", format_problem(status, &body)),
    }
}

async fn find_letter(
    queue: QueueName,
    id: OrderId,
    connection: &Connection,
) -> anyhow::Result<Option<DeadLetter>> {
    let queue = DeadLetterQueue::open(connection, queue).await?;
    dead_letters::find_letter(&queue, &id.to_string()).await
}

/// The lines that name the order. On this machine also those that name only one of its messages.
async fn read_logs(
    id: OrderId,
    order: Option<&Value>,
    letters: &[DeadLetter],
    connection: &Connection,
) -> anyhow::Result<Vec<LogLine>> {
    let id = id.to_string();
    if connection.target() == Target::Aws {
        let since = begin(order, letters).unwrap_or_else(|| SystemTime::now() - LOG_SPAN);
        return function_logs::query_aws(connection, &id, since - CLOCK_SKEW).await;
    }
    let wanted = id.clone();
    let lines = function_logs::read_local(connection, move |line| line.contains(&wanted)).await;
    let messages: BTreeSet<String> = lines
        .iter()
        .filter_map(|line| line.text("message_id").map(str::to_owned))
        .filter(|message| !message.is_empty())
        .collect();
    if messages.is_empty() {
        return Ok(lines);
    }
    let is_wanted =
        move |line: &str| line.contains(&id) || messages.iter().any(|message| line.contains(message));
    Ok(function_logs::read_local(connection, is_wanted).await)
}

/// When the order was accepted, as far as it is stored or a dead letter.
fn begin(order: Option<&Value>, letters: &[DeadLetter]) -> Option<SystemTime> {
    let bodies = letters.iter().map(|letter| serde_json::from_str(&letter.body));
    let bodies: Vec<Value> = bodies.filter_map(Result::ok).collect();
    let documents = order.into_iter().chain(&bodies);
    let times = documents.filter_map(|document| {
        let at = document["accepted_at"]
            .as_str()
            .or(document["data"]["accepted_at"].as_str())?;
        let at: Timestamp = at.parse().ok()?;
        Some(SystemTime::from(at.as_offset_date_time()))
    });
    times.min()
}

/// The emails that name the order.
async fn read_mail(id: OrderId, connection: &Connection) -> anyhow::Result<Vec<Step>> {
    let control = connection.local_control().await?;
    let id = id.to_string();
    let found = mailbox::find(&control, "&kind=notification", |mail| mail.body.contains(&id)).await?;
    Ok(found
        .iter()
        .map(|mail| of_mail(&mail.received_at, &mail.subject))
        .collect())
}

/// The queues that hold messages. SQS cannot say which: a receive would hide them.
async fn waiting(connection: &Connection) -> anyhow::Result<Vec<Waiting>> {
    let status = status::read(connection).await?;
    let waiting = status.waiting().map(|queue| Waiting {
        queue: queue.name.clone(),
        messages: queue.count(),
        delayed: queue.delayed,
    });
    Ok(waiting.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cancelled_order_is_done_unless_its_cancellation_failed() {
        let confirmed = json!({"status": "confirmed", "confirmed_at": "t"});
        let notified = json!({"status": "notified", "confirmed_at": "t", "notified_at": "t"});
        let cancelled = json!({"status": "cancelled", "confirmed_at": "t", "cancelled_at": "t"});
        let both =
            json!({"status": "cancelled", "confirmed_at": "t", "notified_at": "t", "cancelled_at": "t"});
        for (order, is_letter, expected) in [
            (&confirmed, false, Stage::Confirmed),
            (&confirmed, true, Stage::DeadLetter),
            // An email was sent: the letter is a copy.
            (&notified, true, Stage::Notified),
            (&cancelled, false, Stage::Cancelled),
            (&both, false, Stage::Cancelled),
            (&both, true, Stage::DeadLetter),
        ] {
            assert_eq!(
                stage(Some(order), is_letter, &[]),
                expected,
                "{order} {is_letter}"
            );
        }
    }
}
