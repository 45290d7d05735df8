//! The effects of calls to a queue: dead letters and visibility timeouts.

use std::time::Duration;

use queue_consumer::ports::Queue;

use crate::checks::dead_letters;
use crate::pipeline::Pipeline;
use crate::queue::{Attributes, Message};
use crate::versions;
use crate::world::World;

/// The id of the message that a dead letter was made from, as its attributes say.
fn source_id(attributes: &Attributes) -> &str {
    attributes
        .get("source_message_id")
        .map_or("", |(_, text)| text.as_str())
}

/// Stores a dead letter.
pub(super) fn store_dead_letter(world: &World, pipeline: Pipeline, body: &str, attributes: Attributes) {
    let id = world.new_message_id();
    dead_letters::check_dead_letter(world, pipeline, body, &attributes);
    let state = &mut *world.state.borrow_mut();
    let source = source_id(&attributes).to_owned();
    let queues = state.queues.entry(pipeline).or_default();
    // The first message of a chain of dead letters and replays.
    let mut deliveries = state
        .invocations
        .values()
        .flat_map(|invocation| &invocation.batch);
    let delivery = deliveries.find(|delivery| delivery.id == source);
    let (origin, first) = delivery.map_or_else(
        || (source.clone(), source.clone()),
        |delivery| (delivery.origin.clone(), delivery.first.clone()),
    );
    state.history.dead_lettered.insert(source);
    *state.history.dead_letters.entry(first.clone()).or_default() += 1;
    queues.dead_letters.push(Message {
        id,
        origin,
        first,
        sent_at: world.schedule.now(),
        // Dead letters are read and replayed after the deploy.
        body: versions::read(pipeline, body),
        attributes,
        visible_at: world.schedule.now(),
        receives: 0,
    });
}

/// Records that the running invocation tries to store a dead letter.
pub(super) fn record_dead_letter_attempt(world: &World, attributes: &Attributes) {
    let attempt = (world.schedule.running(), source_id(attributes).to_owned());
    let history = &mut world.state.borrow_mut().history;
    history.attempted_dead_letters.insert(attempt);
}

/// Records that the running invocation knows that its dead letter is stored.
pub(super) fn confirm_dead_letter(world: &World, attributes: &Attributes) {
    let confirmed = (world.schedule.running(), source_id(attributes).to_owned());
    let history = &mut world.state.borrow_mut().history;
    history.confirmed_dead_letters.insert(confirmed);
}

/// Records that the running invocation requests a delay for a message of its batch.
pub(super) fn record_requested_delay(world: &World, receipt: &str, seconds: u64) {
    let task = world.schedule.running();
    let state = &mut *world.state.borrow_mut();
    let id = state.invocations.get(&task).and_then(|invocation| {
        let delivery = invocation
            .batch
            .iter()
            .find(|delivery| delivery.receipt == receipt)?;
        Some(delivery.id.clone())
    });
    if let Some(id) = id {
        state.history.requested_delays.insert((task, id), seconds);
    }
}

/// Sets the visibility timeout of a message in flight.
pub(super) fn set_visibility(
    world: &World,
    pipeline: Pipeline,
    of: Queue,
    receipt: &str,
    delay: Duration,
) -> Result<(), &'static str> {
    let now = world.schedule.now();
    let state = &mut *world.state.borrow_mut();
    let queue = state.queues.entry(pipeline).or_default().get_mut(of);
    let index = queue.find(receipt, &mut state.rng);
    let is_last = |message: &Message| receipt.ends_with(&format!("/{}", message.receives));
    match index.and_then(|index| queue.messages.get_mut(&index)) {
        None => Err("InvalidParameterValue"),
        // After its timeout a message can still be hidden, unless another receive took it in between.
        Some(message) if message.visible_at <= now && !is_last(message) => Err("MessageNotInflight"),
        Some(message) => {
            message.visible_at = now + delay;
            Ok(())
        }
    }
}
