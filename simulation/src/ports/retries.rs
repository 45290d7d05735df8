//! The effect of sending a failed message again, and the checks of the copy.

use std::time::Duration;

use order_core::event::EventError;
use order_core::message::MessageError;
use order_core::{OrderConfirmed, OrderMessage};
use queue_consumer::ports::Queue;

use crate::checks::dead_letters::{self, PERMANENT};
use crate::pipeline::Pipeline;
use crate::queue::{Attributes, Delivery, Message};
use crate::rule::Rule;
use crate::versions;
use crate::world::World;

/// From this receive of a copy on, a message of the main queue goes to the retry queue.
const ISOLATED_FROM: u32 = 3;

/// The error codes of malformed messages. They are put off when they are more than half of a batch, and those that were put off before.
const MALFORMED: [&str; 2] = ["malformed", "malformed_event"];

/// Records that the running invocation tries to send a message again.
pub(super) fn record_attempt(world: &World, body: &str) {
    let attempt = (world.schedule.running(), body.to_owned());
    let history = &mut world.state.borrow_mut().history;
    history.attempted_retries.insert(attempt);
}

/// Stores the copy of a failed message.
pub(super) fn store(
    world: &World,
    pipeline: Pipeline,
    to: Queue,
    body: &str,
    attributes: Attributes,
    delay_seconds: u32,
) {
    let source = match find_source(world, pipeline, to, body, &attributes, delay_seconds) {
        Ok(source) => source,
        Err(why) => {
            world.report_violation(Rule::TrueDeadLetters, format!("{why}: {attributes:?}"));
            return;
        }
    };
    let id = world.new_message_id();
    let now = world.schedule.now();
    let code = attributes.get("error_code").map(|(_, code)| code.clone());
    let state = &mut *world.state.borrow_mut();
    let key = (world.schedule.running(), body.to_owned());
    state.history.retried.insert((key.0, source.receipt));
    *state.history.stored_retries.entry(key.clone()).or_default() += 1;
    state.history.retry_codes.insert(key, code.unwrap_or_default());
    let queue = state.queues.entry(pipeline).or_default().get_mut(to);
    queue.push(Message {
        id,
        origin: source.origin,
        first: source.first,
        sent_at: now,
        body: if source.is_of_version_2 {
            versions::write(pipeline, body)
        } else {
            body.to_owned()
        },
        attributes,
        visible_at: now + Duration::from_secs(delay_seconds.into()),
        receives: 0,
    });
}

/// Finds the message of the batch of which this is the next copy.
fn find_source(
    world: &World,
    pipeline: Pipeline,
    to: Queue,
    body: &str,
    attributes: &Attributes,
    delay_seconds: u32,
) -> Result<Delivery, &'static str> {
    let text = |name: &str| attributes.get(name).map_or("", |(_, text)| text.as_str());
    if attributes.len() > 10 || attributes.values().any(|(_, text)| text.is_empty()) {
        return Err("SQS rejects the copy");
    }
    let state = world.state.borrow();
    let invocation = state
        .invocations
        .get(&world.schedule.running())
        .ok_or("a copy of no invocation")?;
    let keeps_attributes = |delivery: &Delivery| {
        let mut own = delivery.attributes.iter();
        own.all(|(name, value)| !name.starts_with("trace") || attributes.get(name) == Some(value))
    };
    let is_isolated =
        |delivery: &Delivery| invocation.queue == Queue::Retry || delivery.receives >= ISOLATED_FROM;
    let is_source = |delivery: &&Delivery| {
        delivery.body == body
            && keeps_attributes(delivery)
            && text("retry_receives") == delivery.all_receives().to_string()
            && text("retry_first_sent_at") == delivery.first_sent_at().to_string()
            && is_isolated(delivery) == (to == Queue::Retry)
    };
    // Several messages of a batch may be alike.
    let task = world.schedule.running();
    let is_new = |delivery: &&Delivery| {
        let key = (task, delivery.receipt.clone());
        !state.history.retried.contains(&key) && !state.history.dead_lettered.contains(&delivery.id)
    };
    let sources = || invocation.batch.iter().filter(is_source);
    let source = sources().find(is_new).or_else(|| sources().next()).ok_or(
        "a copy in the wrong queue, or with another body, attribute, count or time than its original",
    )?;
    if !dead_letters::is_delay(source.all_receives(), delay_seconds.into()) {
        return Err("a copy with a wrong delay");
    }
    let code = text("error_code");
    let is_doubted = || {
        let last_error = source
            .attributes
            .get("retry_first_sent_at")
            .and(source.attributes.get("error_code"));
        let was_put_off = last_error.is_some_and(|(_, last_code)| last_code == code);
        MALFORMED.contains(&code) && (was_put_off || are_malformed_many(pipeline, &invocation.batch))
    };
    if PERMANENT.contains(&code) && !is_doubted() {
        return Err("a message that can never succeed was sent again");
    }
    if !dead_letters::is_true_reason(world, &state, pipeline, source, code) {
        return Err("a copy with a wrong reason");
    }
    Ok(source.clone())
}

/// Whether so many messages of a batch are malformed that the services put them off.
fn are_malformed_many(pipeline: Pipeline, batch: &[Delivery]) -> bool {
    let is_malformed = |delivery: &&Delivery| match pipeline {
        Pipeline::Orders => matches!(
            OrderMessage::from_json(&delivery.body),
            Err(MessageError::Malformed(_))
        ),
        Pipeline::Notifications => matches!(
            OrderConfirmed::from_json(&delivery.body),
            Err(EventError::Malformed(_))
        ),
    };
    let count = batch.iter().filter(is_malformed).count();
    count >= 5 && count * 2 > batch.len()
}
