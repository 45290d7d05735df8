//! A dead letter says what is so.

use order_core::message::MessageError;
use order_core::{OrderConfirmed, OrderId, OrderMessage};
use order_table::OrderRow;

use crate::ledger::{Content, Ledger};
use crate::plan::Plan;
use crate::queue::{Attributes, Message};
use crate::rule::Rule;
use crate::world::{Line, State, World};

/// The codes that no later attempt can change.
pub(crate) const PERMANENT: [&str; 7] = [
    "malformed",
    "unknown_version",
    "conflict",
    "invalid_item",
    "too_large",
    "malformed_event",
    "unknown_event_type",
];

/// Checks a letter that a service sends.
pub(crate) fn letter(world: &World, line: Line, body: &str, attributes: &Attributes) {
    if let Err(why) = is_true(world, line, body, attributes) {
        world.breaks(Rule::TrueLetters, format!("{why}: {attributes:?}"));
    }
}

fn is_true(world: &World, line: Line, body: &str, attributes: &Attributes) -> Result<(), &'static str> {
    let text = |name: &str| attributes.get(name).map_or("", |(_, text)| text.as_str());
    if attributes.len() > 10 || attributes.values().any(|(_, text)| text.is_empty()) {
        return Err("SQS would not take the letter");
    }
    if text("error_detail").is_empty() || text("failed_at").is_empty() {
        return Err("a letter without detail or time");
    }
    let state = world.state.borrow();
    let batch = &state
        .invocations
        .get(&world.schedule.running())
        .ok_or("a letter of nobody")?
        .batch;
    let source = batch
        .iter()
        .find(|delivery| delivery.id == text("source_message_id"))
        .ok_or("a letter of a message that is not in the batch")?;
    if source.body != body {
        return Err("a letter with another body");
    }
    let receives = batch
        .iter()
        .filter(|delivery| delivery.id == source.id)
        .map(|delivery| delivery.receives);
    if !receives
        .clone()
        .any(|receives| text("receive_count") == receives.to_string())
    {
        return Err("a letter with a wrong receive_count");
    }
    let keeps = |(name, value): (&String, &(String, String))| {
        !name.starts_with("trace") || attributes.get(name) == Some(value)
    };
    if !source.attributes.iter().all(keeps) {
        return Err("a letter that lost its sender's attributes");
    }
    let code = text("error_code");
    if !PERMANENT.contains(&code) && receives.max() < Some(world.plan.setup.max_receives) {
        return Err("a letter before the last receive");
    }
    let is_right = match line {
        // At its last receive nobody came to look at it.
        Line::Notifications if code == "out_of_time" => true,
        Line::Notifications => match OrderConfirmed::from_json(body) {
            Err(_) => matches!(code, "malformed_event" | "unknown_event_type" | "panicked"),
            Ok(event) => is_so(world, &state, event.order_id, code),
        },
        Line::Orders => match OrderMessage::from_json(body) {
            Err(_) if code == "out_of_time" => is_late(world, &state),
            Err(MessageError::UnknownVersion(_)) => code == "unknown_version",
            Err(MessageError::Malformed(_)) => code == "malformed",
            Ok(message) => match code {
                "malformed" | "unknown_version" => false,
                "conflict" => state.rows.get(&message.order_id).is_some_and(|row| {
                    OrderRow::from_attributes(row).is_ok_and(|row| row.order != message.order)
                }),
                "invalid_item" => state.refused.contains_key(&message.order_id),
                _ => is_last_refusal(world, &state, message.order_id, code),
            },
        },
    };
    if is_right {
        Ok(())
    } else {
        Err("a letter with a wrong reason")
    }
}

/// Whether what a letter of notifier says of an order that can be read happened in its invocation.
fn is_so(world: &World, state: &State, order: OrderId, code: &str) -> bool {
    let task = world.schedule.running();
    let ledger = &state.ledger;
    match code {
        "malformed_event" | "unknown_event_type" => false,
        "row_missing" => !state.rows.contains_key(&order),
        "email_failed" => ledger.told.iter().any(|(teller, _)| *teller == task),
        "mark_failed" => ledger.marks_failed.contains_key(&(task, order)) || is_late(world, state),
        "panicked" => ledger.panicked.contains(&task),
        _ => true,
    }
}

/// Whether the running invocation has no time left to begin work.
fn is_late(world: &World, state: &State) -> bool {
    let invocation = state.invocations.get(&world.schedule.running());
    invocation.is_some_and(|invocation| invocation.is_late(world.schedule.now()))
}

/// Whether a letter of order-worker carries the last thing that its invocation was told about the order.
fn is_last_refusal(world: &World, state: &State, order: OrderId, code: &str) -> bool {
    let task = world.schedule.running();
    let copies = state.invocations.get(&task).map_or(0, |invocation| {
        let orders = invocation.batch.iter().filter(|delivery| {
            OrderMessage::from_json(&delivery.body).is_ok_and(|message| message.order_id == order)
        });
        orders.count()
    });
    match (code, state.ledger.refusals.get(&(task, order))) {
        // Nobody can tell which of several copies the world's answers were for.
        _ if copies > 1 => true,
        ("out_of_time", _) => is_late(world, state),
        // The call that it waits for panicked.
        ("panicked", Some(&"timed_out")) => state.ledger.panicked.contains(&task),
        (_, told) => told == Some(&code),
    }
}

/// Checks a message that the queue itself moves to its dead-letter queue.
pub(crate) fn redriven(plan: &Plan, ledger: &mut Ledger, line: Line, message: &Message) {
    // The reason does not fit beside so many attributes; or a process died, or a letter was lost, at the last receive.
    let is_explained = message.attributes.len() > 5
        || ledger.excuses.contains_key(&message.id)
        || plan.faults != crate::plan::Faults::default()
        || plan.outage.is_some();
    if !is_explained {
        let id = &message.id;
        ledger.breaks(Rule::TrueLetters, format!("{id} left {line:?} without a reason"));
    }
}

/// Whether a letter's message can never succeed. One without a reason ran out of receives.
pub(crate) fn is_permanent(content: Option<&Content>, letter: &Message) -> bool {
    match letter.attributes.get("error_code") {
        Some((_, code)) => PERMANENT.contains(&code.as_str()),
        None => matches!(content, Some(Content::Poison)),
    }
}
