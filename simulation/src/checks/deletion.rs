//! A message may be deleted only when its work is done, or when its dead letter is stored.

use order_core::OrderConfirmed;
use order_table::{Stored, attribute};

use crate::history::MessageContent;
use crate::pipeline::Pipeline;
use crate::queue::Delivery;
use crate::rule::Rule;
use crate::schedule::TaskId;
use crate::world::World;

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
        let Ok(event) = OrderConfirmed::from_json(&delivery.body) else {
            return Err((Rule::NothingLost, "it is not an event, and has no dead letter"));
        };
        return match state.rows.get(&event.order_id) {
            Some(row) if row.contains_key(attribute::NOTIFIED_AT) || Stored::is_erased(row) => Ok(()),
            _ => Err((
                Rule::NothingLost,
                "its order is not marked, and it has no dead letter",
            )),
        };
    }
    let Some(MessageContent::Order(message)) = state.history.accepted.get(&delivery.origin) else {
        return Err((Rule::NothingLost, "it is not an order, and has no dead letter"));
    };
    let stored = state.rows.get(&message.order_id).map(Stored::from_attributes);
    match stored {
        Some(Ok(Stored::Erased(_))) => Ok(()),
        Some(Ok(Stored::Order(row))) if row.order == message.order => {
            if state
                .history
                .confirmed_publications
                .contains(&(task, message.order_id))
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
