//! A dead letter states the true reason of its failure.

use std::collections::BTreeSet;
use std::time::Duration;

use order_core::message::MessageError;
use order_core::{EventType, OrderEvent, OrderId, QueueMessage};
use order_table::{OrderRow, Stored};

use super::erasure::began_after;
use crate::history::{History, MessageContent};
use crate::pipeline::Pipeline;
use crate::plan::{Faults, Plan};
use crate::queue::{Attributes, Delivery, Message};
use crate::rule::Rule;
use crate::schedule::{Schedule, TaskId};
use crate::world::{State, World};

/// The error codes of permanent failures: a retry cannot succeed.
pub(crate) const PERMANENT: [&str; 6] = [
    "malformed",
    "conflict",
    "invalid_item",
    "too_large",
    "malformed_event",
    "unknown_event_type",
];

/// Checks a dead letter that the running invocation sends.
pub(crate) fn check_dead_letter(world: &World, pipeline: Pipeline, body: &str, attributes: &Attributes) {
    if let Err(why) = check(world, pipeline, body, attributes) {
        world.report_violation(Rule::TrueDeadLetters, format!("{why}: {attributes:?}"));
    }
}

fn check(world: &World, pipeline: Pipeline, body: &str, attributes: &Attributes) -> Result<(), &'static str> {
    let text = |name: &str| attributes.get(name).map_or("", |(_, text)| text.as_str());
    if attributes.len() > 10 || attributes.values().any(|(_, text)| text.is_empty()) {
        return Err("SQS rejects the dead letter");
    }
    if text("error_detail").is_empty() || text("failed_at").is_empty() {
        return Err("a dead letter without detail or time");
    }
    let state = world.state.borrow();
    let batch = &state
        .invocations
        .get(&world.schedule.running())
        .ok_or("a dead letter of no invocation")?
        .batch;
    let source = batch
        .iter()
        .filter(|delivery| delivery.id == text("source_message_id"))
        .max_by_key(|delivery| delivery.receives)
        .ok_or("a dead letter of a message that is not in the batch")?;
    if source.body != body {
        return Err("a dead letter with another body");
    }
    let receives = batch
        .iter()
        .filter(|delivery| delivery.id == source.id)
        .map(Delivery::all_receives);
    if !receives
        .clone()
        .any(|receives| text("receive_count") == receives.to_string())
    {
        return Err("a dead letter with a wrong receive_count");
    }
    let keeps = |(name, value): (&String, &(String, String))| {
        !name.starts_with("trace") || attributes.get(name) == Some(value)
    };
    if !source.attributes.iter().all(keeps) {
        return Err("a dead letter that lost its sender's attributes");
    }
    let code = text("error_code");
    let age = Schedule::date(world.schedule.now()) - source.first_sent_at().as_offset_date_time();
    if !PERMANENT.contains(&code) && age < Duration::from_secs(world.plan.setup.max_retry_seconds.into()) {
        return Err("a dead letter of a message that may be tried again");
    }
    if is_true_reason(world, &state, pipeline, source, code) {
        Ok(())
    } else {
        Err("a dead letter with a wrong reason")
    }
}

/// Whether a message that was received so often may be delayed by so many seconds: by the schedule, or while a service is away.
pub(crate) fn is_delay(receives: u32, seconds: u64) -> bool {
    let longest = 5_u64 << receives.saturating_sub(1).min(16);
    let is_within = |longest: u64| (longest.div_ceil(2)..=longest).contains(&seconds);
    is_within(longest.min(900)) || is_within(longest.min(30))
}

/// Whether a failure with this code happened to a message in the running invocation.
pub(crate) fn is_true_reason(
    world: &World,
    state: &State,
    pipeline: Pipeline,
    source: &Delivery,
    code: &str,
) -> bool {
    let body = &source.body;
    if code == "process_died" {
        return source.receives >= 3;
    }
    match pipeline {
        // The last receive ended before notifier could handle the message.
        Pipeline::Notifications if code == "out_of_time" => true,
        Pipeline::Notifications => match OrderEvent::from_json(body) {
            Err(_) => matches!(
                code,
                "malformed_event" | "unknown_event_type" | "unknown_version" | "panicked"
            ),
            Ok(event) => is_reason_of_notifier(world, state, &event, code),
        },
        Pipeline::Orders => match QueueMessage::from_json(body) {
            Err(_) if code == "out_of_time" => is_late(world, state),
            Err(MessageError::UnknownVersion(_)) => code == "unknown_version",
            Err(MessageError::Malformed(_)) => code == "malformed",
            Ok(QueueMessage::Cancellation(message)) => match code {
                "order_missing" => {
                    let read = (world.schedule.running(), message.order_id);
                    state.history.uncancelled_reads.contains(&read)
                }
                _ => {
                    PERMANENT.iter().all(|permanent| *permanent != code)
                        && is_last_error(world, state, message.order_id, code)
                }
            },
            Ok(QueueMessage::Order(message)) => match code {
                "malformed" | "unknown_version" => false,
                "conflict" => state.rows.get(&message.order_id).is_some_and(|row| {
                    // The invocation may have read the row before it was erased.
                    let is_erased = Stored::is_erased(row)
                        && !began_after(state, world.schedule.running(), message.order_id);
                    is_erased || OrderRow::from_attributes(row).is_ok_and(|row| row.order != message.order)
                }),
                "invalid_item" => state.rejected.contains_key(&message.order_id),
                _ => is_last_error(world, state, message.order_id, code),
            },
        },
    }
}

/// Whether the failure that notifier states for an order happened in the running invocation.
fn is_reason_of_notifier(world: &World, state: &State, event: &OrderEvent, code: &str) -> bool {
    let order = event.order_id();
    let task = world.schedule.running();
    let history = &state.history;
    match code {
        "malformed_event" | "unknown_event_type" | "unknown_version" => false,
        "row_missing" => !state.rows.contains_key(&order),
        "email_failed" => history
            .attempted_notifications
            .iter()
            .any(|((notifier, _), _)| *notifier == task),
        "mark_failed" => history.failed_marks.contains_key(&(task, order)) || is_late(world, state),
        "panicked" => history.panicked_tasks.contains(&task),
        _ => true,
    }
}

/// Whether the running invocation has no time left to start more work.
fn is_late(world: &World, state: &State) -> bool {
    let invocation = state.invocations.get(&world.schedule.running());
    invocation.is_some_and(|invocation| invocation.is_late(world.schedule.now()))
}

/// Whether a dead letter of order-worker states the last error that its invocation got for the order.
fn is_last_error(world: &World, state: &State, order: OrderId, code: &str) -> bool {
    let task = world.schedule.running();
    let is_last = match (code, state.history.last_errors.get(&(task, order))) {
        ("out_of_time", _) => is_late(world, state),
        // The call panicked before its answer came.
        ("panicked", Some(&"timed_out")) => state.history.panicked_tasks.contains(&task),
        // The call for several orders panicked, and no time was left for a call for this order alone. Its answer before stands.
        (_, Some(&"timed_out"))
            if state.history.panicked_tasks.contains(&task)
                && state.history.answered_errors.get(&(task, order)) == Some(&code) =>
        {
            true
        }
        // While a service is away, only the first items of the batch are called for. The others share their reason. It need not be the last
        // error of an order: one whose insert failed is read all the same, if the batch holds another copy of it.
        (_, None) => {
            let mut errors = state.history.last_errors.iter();
            errors.any(|((of, _), error)| *of == task && *error == code)
                || state.history.errors_of_tasks.contains(&(task, code))
        }
        (_, last_error) => last_error == Some(&code),
    };
    // With several copies of an order in the batch, the history cannot tell whose error was last.
    is_last || count_copies(state, task, order) > 1
}

/// How many messages of the running invocation's batch hold this order.
fn count_copies(state: &State, task: TaskId, order: OrderId) -> usize {
    let Some(invocation) = state.invocations.get(&task) else {
        return 0;
    };
    let is_copy = |delivery: &&Delivery| {
        QueueMessage::from_json(&delivery.body).is_ok_and(|message| message.order_id() == order)
    };
    invocation.batch.iter().filter(is_copy).count()
}

/// Checks a message that the queue itself moves to its dead-letter queue, without a reason.
pub(crate) fn check_redriven(plan: &Plan, history: &mut History, pipeline: Pipeline, message: &Message) {
    // Either the reason does not fit beside so many attributes, or a process died or a dead letter was lost at the last
    // receive.
    let own = message.attributes.keys().filter(|name| name.starts_with("trace"));
    let is_explained = own.count() > 5
        || history.allowed_repeats.contains_key(&message.first)
        || plan.faults != Faults::default()
        || plan.outage.is_some();
    if !is_explained {
        let id = &message.id;
        history.report_violation(
            Rule::TrueDeadLetters,
            format!("{id} left {pipeline:?} without a reason"),
        );
    }
}

/// Whether the message of a dead letter can never succeed. A dead letter without a reason ran out of receives.
pub(crate) fn is_permanent(content: Option<&MessageContent>, dead_letter: &Message) -> bool {
    match dead_letter.attributes.get("error_code") {
        // The version of an order that was accepted is the one that a deploy brings. No code comes that reads another one.
        Some((_, code)) if code == "unknown_version" => !matches!(content, Some(MessageContent::Order(_))),
        Some((_, code)) => PERMANENT.contains(&code.as_str()),
        None => matches!(content, Some(MessageContent::Poison)),
    }
}

/// Lists the orders that have a message about this event in a pipeline's dead-letter queue.
pub(super) fn list_dead_lettered(state: &State, pipeline: Pipeline, about: EventType) -> BTreeSet<OrderId> {
    let dead_letters = state.queues[&pipeline].dead_letters.messages.values();
    dead_letters
        .filter_map(|dead_letter| pipeline.parse_event(&dead_letter.body))
        .filter(|(_, event_type)| *event_type == about)
        .map(|(order, _)| order)
        .collect()
}
