//! An erased order is never back: only work that began before the erasure may still publish or email it.

use std::time::Duration;

use order_core::OrderId;
use order_table::Tombstone;

use crate::rule::Rule;
use crate::schedule::{Schedule, TaskId};
use crate::world::State;

/// The tombstone of an order that was erased then.
pub(crate) fn tombstone(order_id: OrderId, erased_at: Duration) -> Tombstone {
    Tombstone {
        order_id,
        erased_at: order_core::Timestamp::new(Schedule::date(erased_at)),
        erasing: None,
    }
}

/// Whether an invocation began after the order was erased.
pub(crate) fn began_after(state: &State, task: TaskId, order: OrderId) -> bool {
    let erased_at = state.history.erased.get(&order);
    let invocation = state.invocations.get(&task);
    erased_at
        .zip(invocation)
        .is_some_and(|(erased_at, invocation)| invocation.started > *erased_at)
}

/// Checks that each erased order is a tombstone and nothing else.
pub(super) fn check_tombstones(state: &State, violations: &mut Vec<(Rule, String)>) {
    for (order, erased_at) in &state.history.erased {
        let expected = tombstone(*order, *erased_at).to_attributes();
        if state.rows.get(order) != Some(&expected) {
            violations.push((
                Rule::ErasedForEver,
                format!("{order} was erased, and is more than a tombstone"),
            ));
        }
    }
}
