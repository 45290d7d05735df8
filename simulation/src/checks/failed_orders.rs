//! The mark of a failed order is true, and says the reason of its dead letter.

use order_core::{EventType, OrderId};

use crate::pipeline::Pipeline;
use crate::rule::Rule;
use crate::world::{State, World};

/// Checks a mark that the running invocation writes: it knows that its dead letter of the order is stored, for this reason.
pub(crate) fn check_mark(world: &World, order: OrderId, error_code: &str) {
    let task = world.schedule.running();
    let name = order.to_string();
    let (is_known, has_reason) = {
        let state = world.state.borrow();
        let batch = state.invocations.get(&task).map(|invocation| &invocation.batch);
        let is_known = batch.into_iter().flatten().any(|delivery| {
            let letter = (task, delivery.id.clone());
            delivery.body.contains(&name) && state.history.confirmed_dead_letters.contains(&letter)
        });
        let mut letters = state.queues[&Pipeline::Orders].dead_letters.messages.values();
        let has_reason = letters.any(|letter| {
            // An order whose cancellation is a dead letter has not failed.
            if matches!(
                Pipeline::Orders.parse_event(&letter.body),
                Some((_, EventType::Cancelled))
            ) {
                return false;
            }
            let code = letter.attributes.get("error_code");
            letter.body.contains(&name) && code.is_some_and(|(_, code)| code == error_code)
        });
        // Its letter may have been erased meanwhile.
        let has_reason = has_reason || state.history.erased.contains_key(&order);
        (is_known, has_reason)
    };
    if !is_known {
        world.report_violation(
            Rule::TrueDeadLetters,
            format!("{order} is marked before it is a dead letter"),
        );
    } else if !has_reason {
        world.report_violation(
            Rule::TrueDeadLetters,
            format!("{order} is marked with {error_code}, and no dead letter says so"),
        );
    }
}

/// Checks that every order with a dead letter of order-worker is marked, where no call fails. Those that the queue itself moved have
/// no mark, and no time of their failure.
pub(crate) fn check_marked(state: &State, violations: &mut Vec<(Rule, String)>) {
    for letter in state.queues[&Pipeline::Orders].dead_letters.messages.values() {
        let event = Pipeline::Orders.parse_event(&letter.body);
        if let Some((order, EventType::Confirmed)) = event
            && letter.attributes.contains_key("failed_at")
            && !state.failed.contains_key(&order)
        {
            violations.push((
                Rule::TrueDeadLetters,
                format!("{order} is a dead letter without a mark"),
            ));
        }
    }
}
