//! Following accepted orders to their email.
//!
//! Rows are read a hundred at a time, oldest orders first, and a round of reading ends with the first hundred that have
//! not moved: orders are worked off about in their order, so that the rest will not have moved either. What a round
//! leaves goes to the back, lest a few stragglers hide the others. Twenty thousand orders cost some hundred reads.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use anyhow::Context;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use order_core::row::attribute::{ACCEPTED_AT, CONFIRMED_AT, NOTIFIED_AT, ORDER_ID};
use order_core::{OrderId, Timestamp};
use tokio::time::Instant;

use super::run::Run;
use super::system::{Attempt, Clients};
use super::{poison, send};
use crate::journal::{Entry, Poison};

/// Keys of one `BatchGetItem`, the most that DynamoDB takes.
const CHUNK: usize = 100;
/// The pauses between two rounds: the first after something moved, and the longest, to which it doubles while nothing
/// does. Latencies are read from the rows' own times, so that rare looks cost no precision.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// An order that was accepted and not yet told of.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) order_id: OrderId,
    /// Whether its row was seen.
    pub(super) is_confirmed: bool,
    /// The poison that is sent once the row is there, and the key to name it by. A conflict needs the row; and the others
    /// are no part of any latency this way.
    pub(super) poison: Option<(Poison, String)>,
}

/// The orders on their way.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Oldest first.
    pub(super) pending: RefCell<VecDeque<Pending>>,
    /// Whether no more will come.
    pub(super) is_complete: Cell<bool>,
}

/// The marks of a row. Of several messages of one order the first to come makes the row: when that one was accepted only
/// the row knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Marks {
    accepted: Timestamp,
    confirmed: Timestamp,
    notified: Option<Timestamp>,
}

/// Follows until nothing is pending and nothing more comes. Ends early when the user asks to stop, or when nothing has
/// moved for `settle`; then orders stay pending.
pub(super) async fn follow(run: &Run<'_>, settle: Duration) -> anyhow::Result<()> {
    let mut moved_at = Instant::now();
    let (shortest, longest) = PAUSES;
    let mut pause = shortest;
    loop {
        let has_moved = round(run).await? > 0;
        pause = if has_moved {
            shortest
        } else {
            longest.min(pause * 2)
        };
        if has_moved || !run.line.is_complete.get() {
            moved_at = Instant::now();
        }
        let is_over = run.line.is_complete.get() && run.line.pending.borrow().is_empty();
        if is_over || run.system.is_stopping() || moved_at.elapsed() > settle {
            return Ok(());
        }
        run.system.sleep_until(Instant::now() + pause).await;
    }
}

/// Looks at the pending orders until a chunk has not moved; how many have.
async fn round(run: &Run<'_>) -> anyhow::Result<usize> {
    let mut unseen = run.line.pending.borrow().len();
    let mut moved = 0;
    while unseen > 0 && !run.system.is_stopping() {
        let chunk: Vec<Pending> = {
            let mut pending = run.line.pending.borrow_mut();
            let size = unseen.min(CHUNK);
            pending.drain(..size).collect()
        };
        unseen -= chunk.len();
        let seen = run
            .system
            .persist(async |clients| match marks(clients, &chunk).await {
                Ok(marks) => Attempt::Done(marks),
                Err(error) => Attempt::Again(error),
            })
            .await;
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => {
                run.line.pending.borrow_mut().extend(chunk);
                return if run.system.is_stopping() {
                    Ok(moved)
                } else {
                    Err(error)
                };
            }
        };
        let before = moved;
        for order in chunk {
            moved += advance(run, order, &seen).await?;
        }
        if moved == before {
            break;
        }
    }
    Ok(moved)
}

/// Notes how far an order has come, and puts it back unless it is there; 1 if it has moved.
async fn advance(run: &Run<'_>, mut order: Pending, seen: &HashMap<OrderId, Marks>) -> anyhow::Result<usize> {
    let Some(marks) = seen.get(&order.order_id) else {
        run.line.pending.borrow_mut().push_back(order);
        return Ok(0);
    };
    let is_new = !order.is_confirmed;
    order.is_confirmed = true;
    {
        let mut tally = run.tally.borrow_mut();
        if is_new {
            tally.confirmed += 1;
            match between(marks.accepted, marks.confirmed) {
                Some(latency) => tally.to_confirmed.add(latency),
                None => tally.reason(backwards(order.order_id)),
            }
            tally.confirmations.extend(marks.confirmed);
        }
        if let Some(notified_at) = marks.notified {
            tally.notified += 1;
            match between(marks.accepted, notified_at) {
                Some(latency) => tally.to_notified.add(latency),
                None => tally.reason(backwards(order.order_id)),
            }
            tally.notifications.extend(notified_at);
        }
    }
    if let Some((poison, key)) = order.poison.take()
        && let Some(body) = poison::body(poison, order.order_id, marks.accepted, &key)
    {
        poisoned(run, poison, body).await?;
    }
    if marks.notified.is_none() {
        run.line.pending.borrow_mut().push_back(order);
        return Ok(usize::from(is_new));
    }
    Ok(1)
}

/// Sends a poison message and writes it down. One whose fate is not known is not counted.
async fn poisoned(run: &Run<'_>, poison: Poison, body: String) -> anyhow::Result<()> {
    match send::poison(&run.system, &body).await {
        Ok(()) => {
            run.write(&Entry::Poison { poison, body }).await?;
            run.tally.borrow_mut().poison += 1;
        }
        Err(error) => run
            .tally
            .borrow_mut()
            .reason(format!("a poison message was not sent: {error:#}")),
    }
    Ok(())
}

/// None if the clocks of two services disagree by more than the time between: that is no latency.
fn between(from: Timestamp, to: Timestamp) -> Option<Duration> {
    let milliseconds = to.unix_milliseconds() - from.unix_milliseconds();
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

fn backwards(order_id: OrderId) -> String {
    format!("{order_id} went on before it was accepted, by the services' clocks: its latency is left out")
}

async fn marks(clients: &Clients, orders: &[Pending]) -> anyhow::Result<HashMap<OrderId, Marks>> {
    let keys = orders
        .iter()
        .map(|order| HashMap::from([(ORDER_ID.to_owned(), AttributeValue::S(order.order_id.to_string()))]));
    let request = KeysAndAttributes::builder()
        .set_keys(Some(keys.collect()))
        .projection_expression(format!(
            "{ORDER_ID}, {ACCEPTED_AT}, {CONFIRMED_AT}, {NOTIFIED_AT}"
        ))
        .build()?;
    let answer = clients
        .dynamodb
        .batch_get_item()
        .request_items(&clients.orders_table, request)
        .send()
        .await;
    let answer = answer.context("rows cannot be read")?;
    // Keys that DynamoDB did not come to are asked for in a later round.
    let items = answer
        .responses
        .and_then(|mut tables| tables.remove(&clients.orders_table))
        .unwrap_or_default();
    items.iter().map(row).collect()
}

fn row(item: &HashMap<String, AttributeValue>) -> anyhow::Result<(OrderId, Marks)> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let moment = |name: &str| text(name).map(|text| text.parse::<Timestamp>()).transpose();
    let order_id = text(ORDER_ID).context("a row has no order_id")?.parse()?;
    let needed = |name: &str| moment(name)?.with_context(|| format!("the row of {order_id} has no {name}"));
    let marks = Marks {
        accepted: needed(ACCEPTED_AT)?,
        confirmed: needed(CONFIRMED_AT)?,
        notified: moment(NOTIFIED_AT)?,
    };
    Ok((order_id, marks))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b";

    fn moment(second: u8) -> Timestamp {
        format!("2026-11-23T09:35:{second:02}.000Z").parse().unwrap()
    }

    #[test]
    fn a_row_tells_its_own_times() {
        let times = [(ACCEPTED_AT, moment(1)), (CONFIRMED_AT, moment(2))];
        let times = times.map(|(name, at)| (name, at.to_string()));
        let texts = times.into_iter().chain([(ORDER_ID, ID.to_owned())]);
        let mut item: HashMap<String, AttributeValue> = texts
            .map(|(name, text)| (name.to_owned(), AttributeValue::S(text)))
            .collect();
        let marks = Marks {
            accepted: moment(1),
            confirmed: moment(2),
            notified: None,
        };
        assert_eq!(row(&item).unwrap(), (ID.parse().unwrap(), marks));
        item.remove(ACCEPTED_AT);
        let error = row(&item).unwrap_err().to_string();
        assert_eq!(error, format!("the row of {ID} has no accepted_at"));
    }

    #[test]
    fn a_time_that_runs_backwards_is_no_latency() {
        assert_eq!(between(moment(1), moment(3)), Some(Duration::from_secs(2)));
        assert_eq!(between(moment(1), moment(1)), Some(Duration::ZERO));
        assert_eq!(between(moment(3), moment(1)), None);
    }
}
