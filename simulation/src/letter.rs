//! What both services ask of their queues: letters and delays.

use std::time::Duration;

use crate::checks;
use crate::queue::{Attributes, Message};
use crate::world::{Line, World};

/// The id that a letter says its message had.
fn source(attributes: &Attributes) -> &str {
    attributes
        .get("source_message_id")
        .map_or("", |(_, text)| text.as_str())
}

/// Stores a dead letter.
pub(crate) fn bury(world: &World, line: Line, body: &str, attributes: Attributes) {
    let id = world.new_message_id();
    checks::letters::letter(world, line, body, &attributes);
    let state = &mut *world.state.borrow_mut();
    let source = source(&attributes).to_owned();
    *state.ledger.letters.entry(source.clone()).or_default() += 1;
    let queues = state.queues.entry(line).or_default();
    // What the letter's message was in the beginning, however often it was replayed.
    let origin = state
        .invocations
        .values()
        .flat_map(|invocation| &invocation.batch)
        .find(|delivery| delivery.id == source)
        .map_or_else(|| source.clone(), |delivery| delivery.origin.clone());
    queues.dead_letters.push(Message {
        id,
        origin,
        body: body.to_owned(),
        attributes,
        visible_at: world.schedule.now(),
        receives: 0,
    });
}

/// The running invocation tries to store a letter.
pub(crate) fn burial_asked(world: &World, attributes: &Attributes) {
    let asked = (world.schedule.running(), source(attributes).to_owned());
    world.state.borrow_mut().ledger.burials_asked.insert(asked);
}

/// The running invocation knows that its letter is stored.
pub(crate) fn burial_seen(world: &World, attributes: &Attributes) {
    let seen = (world.schedule.running(), source(attributes).to_owned());
    world.state.borrow_mut().ledger.burials_seen.insert(seen);
}

/// The running invocation asks that a message of its batch be shown again after a delay.
pub(crate) fn delay_asked(world: &World, receipt: &str, seconds: u64) {
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
        state.ledger.delays.insert((task, id), seconds);
    }
}

/// Shows a message again after a delay.
pub(crate) fn delay(world: &World, line: Line, receipt: &str, delay: Duration) -> Result<(), &'static str> {
    let now = world.schedule.now();
    let state = &mut *world.state.borrow_mut();
    let queue = &mut state.queues.entry(line).or_default().source;
    let place = queue.find(receipt, &mut state.chance);
    match place.and_then(|place| queue.messages.get_mut(&place)) {
        None => Err("InvalidParameterValue"),
        Some(message) if message.visible_at <= now => Err("MessageNotInflight"),
        Some(message) => {
            message.visible_at = now + delay;
            Ok(())
        }
    }
}
