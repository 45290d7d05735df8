//! An operator erases an order, as `orderctl erase` does: its row, its mark, and its dead letters.

use order_core::OrderId;

use crate::checks::erasure::tombstone;
use crate::world::World;

/// Erases an order. Its messages in the source queues stay: they meet the tombstone.
pub(crate) fn erase(world: &World, order: OrderId) {
    let now = world.schedule.now();
    let state = &mut *world.state.borrow_mut();
    // An operator may erase an order twice. The first time counts.
    let erased_at = *state.history.erased.entry(order).or_insert(now);
    state
        .rows
        .insert(order, tombstone(order, erased_at).to_attributes());
    state.failed.remove(&order);
    for (pipeline, queues) in &mut state.queues {
        let letters = &mut queues.dead_letters.messages;
        letters.retain(|_, letter| pipeline.parse_order_id(&letter.body) != Some(order));
    }
}
