//! Following accepted orders until their email is sent, or until they are cancelled.
//!
//! Each round reads the rows of the pending orders, a hundred at a time and the oldest first. The system processes orders
//! roughly in the order of their acceptance. A round therefore ends at the first hundred rows without a change, since later
//! ones will not have changed either. Unchanged orders go to the back of the queue, so that a few slow orders do not end
//! each round early. Following twenty thousand orders takes some hundred reads.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use order_core::{OrderId, Timestamp};
use order_table::attribute::{ACCEPTED_AT, CANCELLED_AT, CONFIRMED_AT, NOTIFIED_AT, ORDER_ID};
use tokio::time::Instant;

use super::pending::PendingOrder;
use super::poison::poison_body;
use super::run::Run;
use super::send;
use super::system::{Attempt, Clients};
use super::timeline::Stage;
use crate::journal::{Entry, Poison};

/// Keys of one `BatchGetItem`: the most that DynamoDB takes.
const CHUNK: usize = 100;
/// The shortest and the longest pause between two rounds. The pause doubles while nothing changes. Latencies are computed
/// from the times in the rows, so that long pauses cost no precision.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The times in a row. If an order has several messages, the first one that arrives writes the row, and only the row knows
/// when that one was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RowTimes {
    accepted: Timestamp,
    confirmed: Timestamp,
    end: Option<End>,
}

/// Why an order is followed no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Its email was sent at this time. Whether it was cancelled after that does not matter.
    Notified(Timestamp),
    /// It was cancelled before the row was marked as notified. Nobody has to be told any more that it is confirmed.
    Cancelled,
}

/// Follows until no order is pending and all are sent. Ends early when the user stops the load, or when nothing has changed
/// for `settle`. Orders then stay pending.
pub(super) async fn follow(run: &Run<'_>, settle: Duration) -> anyhow::Result<()> {
    let mut changed_at = Instant::now();
    let (shortest, longest) = PAUSES;
    let mut pause = shortest;
    loop {
        let has_changed = follow_round(run).await? > 0;
        pause = if has_changed {
            shortest
        } else {
            longest.min(pause * 2)
        };
        if has_changed || !run.pending.is_complete.get() {
            changed_at = Instant::now();
        }
        let is_over = run.pending.is_complete.get() && run.pending.orders.borrow().is_empty();
        if is_over || run.system.is_stopping() || changed_at.elapsed() > settle {
            return Ok(());
        }
        run.system.sleep_until(Instant::now() + pause).await;
    }
}

/// Reads the rows of the pending orders until a chunk has no change. Returns the number of changed orders.
async fn follow_round(run: &Run<'_>) -> anyhow::Result<usize> {
    let mut unread = run.pending.orders.borrow().len();
    let mut changed = 0;
    while unread > 0 && !run.system.is_stopping() {
        let chunk: Vec<PendingOrder> = {
            let mut pending = run.pending.orders.borrow_mut();
            let size = unread.min(CHUNK);
            pending.drain(..size).collect()
        };
        unread -= chunk.len();
        let rows = run
            .system
            .retry_until_decided(async |clients| match read_rows(clients, &chunk).await {
                Ok(rows) => Attempt::Done(rows),
                Err(error) => Attempt::Retry(error),
            })
            .await;
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => {
                run.pending.orders.borrow_mut().extend(chunk);
                return if run.system.is_stopping() {
                    Ok(changed)
                } else {
                    Err(error)
                };
            }
        };
        let before = changed;
        for order in chunk {
            changed += record_progress(run, order, &rows).await?;
        }
        if changed == before {
            break;
        }
    }
    Ok(changed)
}

/// Records the progress of an order, and puts it back unless it is notified or cancelled. Returns 1 if it has changed, else 0.
async fn record_progress(
    run: &Run<'_>,
    mut order: PendingOrder,
    rows: &HashMap<OrderId, RowTimes>,
) -> anyhow::Result<usize> {
    let Some(times) = rows.get(&order.order_id) else {
        run.pending.orders.borrow_mut().push_back(order);
        return Ok(0);
    };
    let is_new = !order.is_confirmed;
    order.is_confirmed = true;
    {
        let mut measurements = run.measurements.borrow_mut();
        if is_new {
            measurements.confirmed += 1;
            match latency_between(times.accepted, times.confirmed) {
                Some(latency) => {
                    measurements.to_confirmed.add(latency);
                    if let Some(timeline) = &mut measurements.timeline {
                        timeline.add_at(Stage::Confirmed, times.confirmed, latency);
                    }
                }
                None => measurements.add_reason(describe_clock_skew(order.order_id)),
            }
            measurements.confirmations.extend(times.confirmed);
        }
        match times.end {
            Some(End::Notified(notified_at)) => {
                measurements.notified += 1;
                match latency_between(times.accepted, notified_at) {
                    Some(latency) => {
                        measurements.to_notified.add(latency);
                        if let Some(timeline) = &mut measurements.timeline {
                            timeline.add_at(Stage::Notified, notified_at, latency);
                        }
                    }
                    None => measurements.add_reason(describe_clock_skew(order.order_id)),
                }
                measurements.notifications.extend(notified_at);
            }
            Some(End::Cancelled) => measurements.cancelled += 1,
            None => {}
        }
    }
    if let Some((poison, key)) = order.poison.take()
        && let Some(body) = poison_body(poison, order.order_id, times.accepted, &key)
    {
        send_poison(run, poison, body).await?;
    }
    if times.end.is_none() {
        run.pending.orders.borrow_mut().push_back(order);
        return Ok(usize::from(is_new));
    }
    Ok(1)
}

/// Sends a poison message and writes it to the journal. If it is not known whether SQS took it, it is not counted.
async fn send_poison(run: &Run<'_>, poison: Poison, body: String) -> anyhow::Result<()> {
    match send::send_poison(&run.system, &body).await {
        Ok(()) => {
            run.write(&Entry::Poison { poison, body }).await?;
            run.measurements.borrow_mut().poison += 1;
        }
        Err(error) => run
            .measurements
            .borrow_mut()
            .add_reason(format!("a poison message was not sent: {error:#}")),
    }
    Ok(())
}

/// The time between two moments; `None` if the clocks of two services disagree by more than it.
fn latency_between(from: Timestamp, to: Timestamp) -> Option<Duration> {
    let milliseconds = to.unix_milliseconds() - from.unix_milliseconds();
    u64::try_from(milliseconds).ok().map(Duration::from_millis)
}

fn describe_clock_skew(order_id: OrderId) -> String {
    format!(
        "{order_id}: by the services' clocks it was processed before it was accepted; its latency is left out"
    )
}

async fn read_rows(clients: &Clients, orders: &[PendingOrder]) -> anyhow::Result<HashMap<OrderId, RowTimes>> {
    let keys = orders
        .iter()
        .map(|order| HashMap::from([(ORDER_ID.to_owned(), AttributeValue::S(order.order_id.to_string()))]));
    let request = KeysAndAttributes::builder()
        .set_keys(Some(keys.collect()))
        .projection_expression(format!(
            "{ORDER_ID}, {ACCEPTED_AT}, {CONFIRMED_AT}, {NOTIFIED_AT}, {CANCELLED_AT}"
        ))
        .build()?;
    let answer = clients
        .dynamodb
        .batch_get_item()
        .request_items(&clients.orders_table, request)
        .send()
        .await;
    let answer = answer.context("rows cannot be read")?;
    // A later round reads the keys that DynamoDB left unprocessed.
    let items = answer
        .responses
        .and_then(|mut tables| tables.remove(&clients.orders_table))
        .unwrap_or_default();
    items.iter().map(parse_row).collect()
}

fn parse_row(item: &HashMap<String, AttributeValue>) -> anyhow::Result<(OrderId, RowTimes)> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok());
    let moment = |name: &str| text(name).map(|text| text.parse::<Timestamp>()).transpose();
    let order_id = text(ORDER_ID).context("a row has no order_id")?.parse()?;
    let needed = |name: &str| moment(name)?.with_context(|| format!("the row of {order_id} has no {name}"));
    let cancelled = item.contains_key(CANCELLED_AT).then_some(End::Cancelled);
    let times = RowTimes {
        accepted: needed(ACCEPTED_AT)?,
        confirmed: needed(CONFIRMED_AT)?,
        end: moment(NOTIFIED_AT)?.map(End::Notified).or(cancelled),
    };
    Ok((order_id, times))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b";

    fn moment(second: u8) -> Timestamp {
        format!("2026-11-23T09:35:{second:02}.000Z").parse().unwrap()
    }

    #[test]
    fn the_times_of_a_row_are_read() {
        let times = [(ACCEPTED_AT, moment(1)), (CONFIRMED_AT, moment(2))];
        let times = times.map(|(name, at)| (name, at.to_string()));
        let texts = times.into_iter().chain([(ORDER_ID, ID.to_owned())]);
        let mut item: HashMap<String, AttributeValue> = texts
            .map(|(name, text)| (name.to_owned(), AttributeValue::S(text)))
            .collect();
        let times = RowTimes {
            accepted: moment(1),
            confirmed: moment(2),
            end: None,
        };
        assert_eq!(parse_row(&item).unwrap(), (ID.parse().unwrap(), times));
        for (name, second, end) in [
            (CANCELLED_AT, 3, End::Cancelled),
            // An email that was under way when the order was cancelled.
            (NOTIFIED_AT, 4, End::Notified(moment(4))),
        ] {
            item.insert(name.to_owned(), AttributeValue::S(moment(second).to_string()));
            assert_eq!(parse_row(&item).unwrap().1.end, Some(end));
        }
        item.remove(ACCEPTED_AT);
        let error = parse_row(&item).unwrap_err().to_string();
        assert_eq!(error, format!("the row of {ID} has no accepted_at"));
    }

    #[test]
    fn times_that_run_backwards_have_no_latency() {
        assert_eq!(
            latency_between(moment(1), moment(3)),
            Some(Duration::from_secs(2))
        );
        assert_eq!(latency_between(moment(1), moment(1)), Some(Duration::ZERO));
        assert_eq!(latency_between(moment(3), moment(1)), None);
    }
}
