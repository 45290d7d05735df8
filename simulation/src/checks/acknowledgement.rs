//! A message is deleted only when its work is done, or its letter stored.

use order_core::OrderConfirmed;
use order_table::OrderRow;
use order_table::attribute;

use crate::ledger::Content;
use crate::queue::Delivery;
use crate::rule::Rule;
use crate::schedule::TaskId;
use crate::world::{Line, World};

/// Deletes a message for an invocation, by the receipt handle of its batch.
pub(crate) fn delete(world: &World, task: TaskId, line: Line, receipt: &str) {
    let delivery = world
        .state
        .borrow()
        .invocations
        .get(&task)
        .and_then(|invocation| {
            let mut batch = invocation.batch.iter();
            batch.find(|delivery| delivery.receipt == receipt).cloned()
        });
    let Some(delivery) = delivery else {
        world.breaks(Rule::NothingLost, "a deletion of what is not in the batch");
        return;
    };
    if let Err((rule, why)) = may_go(world, task, line, &delivery) {
        world.breaks(rule, format!("{} was deleted: {why}", delivery.id));
    }
    let state = &mut *world.state.borrow_mut();
    let queue = &mut state.queues.entry(line).or_default().source;
    if let Some(place) = queue.find(receipt, &mut state.chance) {
        queue.messages.remove(&place);
    } else {
        state.ledger.excuse(&delivery.id);
    }
}

fn may_go(world: &World, task: TaskId, line: Line, delivery: &Delivery) -> Result<(), (Rule, &'static str)> {
    let state = world.state.borrow();
    if state.ledger.letters.contains_key(&delivery.id) {
        return Ok(());
    }
    if line == Line::Notifications {
        let Ok(event) = OrderConfirmed::from_json(&delivery.body) else {
            return Err((Rule::NothingLost, "it is no event, and has no letter"));
        };
        return match state.rows.get(&event.order_id) {
            Some(row) if row.contains_key(attribute::NOTIFIED_AT) => Ok(()),
            _ => Err((Rule::NothingLost, "its order is not marked, and has no letter")),
        };
    }
    let Some(Content::Order(message)) = state.ledger.accepted.get(&delivery.origin) else {
        return Err((Rule::NothingLost, "it is no order, and has no letter"));
    };
    let row = state.rows.get(&message.order_id).map(OrderRow::from_attributes);
    match row {
        Some(Ok(row)) if row.order == message.order => {
            if state.ledger.publications_seen.contains(&(task, message.order_id)) {
                Ok(())
            } else {
                Err((Rule::PublishedAgain, "its invocation has not published its event"))
            }
        }
        Some(Ok(_)) => Err((Rule::NothingLost, "another order is stored, and it has no letter")),
        _ => Err((Rule::NothingLost, "its order is not stored, and has no letter")),
    }
}
