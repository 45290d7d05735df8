//! Every order whose email was sent is marked as notified, unless marking it failed several times.

use std::time::Duration;

use order_core::{EventType, OrderId};

use crate::rule::Rule;
use crate::schedule::TaskId;
use crate::world::World;

/// How often marking an order must have failed before an invocation may give it up.
const MIN_ATTEMPTS: u32 = 3;

/// Checks the marks of all emails that an invocation sent. `time_to_finish` is the time before the deadline that an
/// invocation needs for all its attempts.
pub(super) fn check_marks(world: &World, task: TaskId, deadline: Duration, time_to_finish: Duration) {
    let state = world.state.borrow();
    let history = &state.history;
    let is_short = world.schedule.now() + time_to_finish > deadline;
    let min_attempts = if is_short { 1 } else { MIN_ATTEMPTS };
    let sent = || {
        history
            .emails
            .values()
            .filter(move |email| email.task == task && email.is_acknowledged)
    };
    let unmarked: Vec<OrderId> = sent()
        .flat_map(|email| email.orders.iter().map(|order| (*order, email.about)))
        .filter(|(order, about)| {
            let failures = history.failed_marks.get(&(task, *order)).copied();
            let is_overtaken = *about == EventType::Confirmed && history.cancelled.contains_key(order);
            !history.marked_at.contains_key(&(*order, *about))
                && !is_overtaken
                && !history.erased.contains_key(order)
                && failures.unwrap_or_default() < min_attempts
        })
        .map(|(order, _)| order)
        .collect();
    drop(state);
    for order in unmarked {
        world.report_violation(
            Rule::NotifiedOnce,
            format!("{order} was notified, and marking it was not tried {MIN_ATTEMPTS} times"),
        );
    }
}
