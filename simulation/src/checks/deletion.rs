//! A message may be deleted only when its work is done, or when its dead letter is stored.

use order_core::{EventType, OrderId};
use order_table::{Attributes, Stored, attribute};

use crate::history::MessageContent;
use crate::pipeline::Pipeline;
use crate::queue::Delivery;
use crate::rule::Rule;
use crate::schedule::TaskId;
use crate::world::{State, World};

/// Checks that an invocation may delete a message.
pub(crate) fn check_deletion(world: &World, task: TaskId, pipeline: Pipeline, delivery: &Delivery) {
    if let Err((rule, why)) = may_delete(world, task, pipeline, delivery)
        && !take_stored_retry(world, task, delivery)
    {
        world.report_violation(rule, format!("{} was deleted: {why}", delivery.id));
    }
}

/// Whether the invocation has stored a next copy of the message. Each copy allows one deletion.
fn take_stored_retry(world: &World, task: TaskId, delivery: &Delivery) -> bool {
    let retries = &mut world.state.borrow_mut().history.stored_retries;
    match retries.get_mut(&(task, delivery.body.clone())) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

fn may_delete(
    world: &World,
    task: TaskId,
    pipeline: Pipeline,
    delivery: &Delivery,
) -> Result<(), (Rule, &'static str)> {
    let state = world.state.borrow();
    if state.history.dead_lettered.contains(&delivery.id) {
        return Ok(());
    }
    if pipeline == Pipeline::Notifications {
        let Some((order, about)) = pipeline.parse_event(&delivery.body) else {
            return Err((Rule::NothingLost, "it is not an event, and has no dead letter"));
        };
        let is_done = |row: &Attributes| match about {
            EventType::Confirmed => {
                row.contains_key(attribute::NOTIFIED_AT) || row.contains_key(attribute::CANCELLED_AT)
            }
            EventType::Cancelled => row.contains_key(attribute::CANCELLATION_NOTIFIED_AT),
        };
        return match state.rows.get(&order) {
            Some(row) if is_done(row) || Stored::is_erased(row) => Ok(()),
            _ => Err((
                Rule::NothingLost,
                "its order is not marked, and it has no dead letter",
            )),
        };
    }
    let message = match state.history.accepted.get(&delivery.origin) {
        Some(MessageContent::Order(message)) => message,
        Some(MessageContent::Cancellation(order)) => return may_delete_cancellation(&state, task, *order),
        _ => return Err((Rule::NothingLost, "it is not an order, and has no dead letter")),
    };
    let stored = state.rows.get(&message.order_id).map(Stored::from_attributes);
    match stored {
        Some(Ok(Stored::Erased(_))) => Ok(()),
        Some(Ok(Stored::Order(row))) if row.order == message.order => {
            if state
                .history
                .confirmed_publications
                .contains(&(task, message.order_id, EventType::Confirmed))
            {
                Ok(())
            } else {
                Err((Rule::PublishedAgain, "its invocation has not published its event"))
            }
        }
        Some(Ok(Stored::Order(_))) => Err((
            Rule::NothingLost,
            "another order is stored, and it has no dead letter",
        )),
        _ => Err((
            Rule::NothingLost,
            "its order is not stored, and it has no dead letter",
        )),
    }
}

/// Checks that an invocation may delete a message that asks to cancel an order.
fn may_delete_cancellation(state: &State, task: TaskId, order: OrderId) -> Result<(), (Rule, &'static str)> {
    let is_published = state
        .history
        .confirmed_publications
        .contains(&(task, order, EventType::Cancelled));
    match state.rows.get(&order) {
        Some(row) if Stored::is_erased(row) => Ok(()),
        Some(row) if !row.contains_key(attribute::CANCELLED_AT) => Err((
            Rule::CancelledForEver,
            "its order is not cancelled, and it has no dead letter",
        )),
        Some(_) if is_published => Ok(()),
        Some(_) => Err((Rule::PublishedAgain, "its invocation has not published its event")),
        None => Err((
            Rule::CancelledForEver,
            "its order is not stored, and it has no dead letter",
        )),
    }
}
