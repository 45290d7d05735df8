//! The rules that hold when the world is idle: no message is on a source queue, and no event is left.

use std::collections::BTreeMap;

use order_core::{EventType, OrderId, OrderMessage};
use order_table::{OrderRow, Stored, attribute};

use super::cancellation::check_cancellations;
use super::dead_letters::{is_permanent, list_dead_lettered};
use super::erasure::check_tombstones;
use super::failed_orders::check_marked;
use crate::history::MessageContent;
use crate::pipeline::Pipeline;
use crate::rule::Rule;
use crate::world::{State, World};

/// Checks the idle world.
pub(crate) fn check_idle(world: &World) {
    let mut violations = Vec::new();
    {
        let state = &*world.state.borrow();
        check_orders(state, &mut violations);
        check_cancellations(state, &mut violations);
        check_repetitions(state, &mut violations);
        if world.plan.is_survivable() {
            check_dead_letters(state, &mut violations);
        }
        if world.plan.is_survivable() && world.plan.has_no_faults() {
            check_kills(state, &mut violations);
            check_marked(state, &mut violations);
        }
    }
    for (rule, what) in violations {
        world.report_violation(rule, what);
    }
}

/// Checks that every order has a row with the accepted content, and that every row was published and notified by email.
/// Where this does not hold, a dead letter must be there.
fn check_orders(state: &State, violations: &mut Vec<(Rule, String)>) {
    let not_stored = list_dead_lettered(state, Pipeline::Orders, EventType::Confirmed);
    let not_notified = list_dead_lettered(state, Pipeline::Notifications, EventType::Confirmed);
    let mut accepted: BTreeMap<OrderId, Vec<&OrderMessage>> = BTreeMap::new();
    for content in state.history.accepted.values() {
        if let MessageContent::Order(message) = content {
            accepted.entry(message.order_id).or_default().push(message);
        }
    }
    for (id, messages) in &accepted {
        let Some(attributes) = state.rows.get(id) else {
            if !not_stored.contains(id) {
                violations.push((
                    Rule::NothingLost,
                    format!("{id} has neither a row nor a dead letter"),
                ));
            }
            continue;
        };
        if Stored::is_erased(attributes) {
            continue;
        }
        let row = OrderRow::from_attributes(attributes);
        let is_accepted = row.as_ref().is_ok_and(|row| {
            messages
                .iter()
                .any(|message| message.order == row.order && message.accepted_at == row.accepted_at)
        });
        if !is_accepted {
            violations.push((
                Rule::NothingLost,
                format!("the row of {id} is not what was accepted"),
            ));
        }
        let is_published = state
            .history
            .publications
            .contains_key(&(*id, EventType::Confirmed));
        if !is_published && !not_stored.contains(id) {
            violations.push((Rule::NotifiedOnce, format!("{id} was never published")));
        }
        let is_emailed = state
            .history
            .emails
            .values()
            .any(|email| email.has_reader && email.orders.contains(id));
        let is_marked = attributes.contains_key(attribute::NOTIFIED_AT);
        // Nobody is told any more that a cancelled order is confirmed.
        if attributes.contains_key(attribute::CANCELLED_AT) {
            continue;
        }
        if is_published && !(is_emailed && is_marked) && !not_notified.contains(id) {
            violations.push((
                Rule::NotifiedOnce,
                format!("{id}: emailed {is_emailed}, marked {is_marked}, and no dead letter"),
            ));
        }
    }
    check_tombstones(state, violations);
    for id in state.rows.keys().filter(|id| !accepted.contains_key(id)) {
        violations.push((
            Rule::NothingLost,
            format!("{id} has a row and was never accepted"),
        ));
    }
}

/// Checks that each repeated dead letter and each repeated publication has an explanation.
fn check_repetitions(state: &State, violations: &mut Vec<(Rule, String)>) {
    let history = &state.history;
    let allowed_repeats = |id: &str| history.allowed_repeats.get(id).copied().unwrap_or_default();
    for (source, dead_letters) in &history.dead_letters {
        if *dead_letters > 1 + allowed_repeats(source) {
            violations.push((
                Rule::TrueDeadLetters,
                format!("{source} has {dead_letters} dead letters without a reason"),
            ));
        }
    }
    let mut allowed: BTreeMap<(OrderId, EventType), u32> = BTreeMap::new();
    for (id, event) in &state.history.event_of_message {
        *allowed.entry(*event).or_default() += 1 + allowed_repeats(id);
    }
    for (event, publications) in &history.publications {
        if *publications > allowed.get(event).copied().unwrap_or_default() {
            violations.push((
                Rule::NotifiedOnce,
                format!("{event:?} was published {publications} times without a reason"),
            ));
        }
    }
}

/// Checks that only messages that can never succeed are dead-lettered, where an outage is the only fault.
fn check_dead_letters(state: &State, violations: &mut Vec<(Rule, String)>) {
    for (pipeline, queues) in &state.queues {
        for dead_letter in queues.dead_letters.messages.values() {
            let content = state.history.accepted.get(&dead_letter.origin);
            let always_fails = match content {
                Some(MessageContent::Order(message)) => {
                    state.killers.contains(&message.order_id)
                        || state.panickers.contains_key(&message.order_id)
                }
                // It waits for an order that nobody sent, or that is a dead letter itself.
                Some(MessageContent::Cancellation(order)) => !state.rows.contains_key(order),
                Some(MessageContent::Poison) => true,
                // An event that order-worker did not publish.
                None => pipeline.parse_order_id(&dead_letter.body).is_none_or(|order| {
                    !state.rows.contains_key(&order)
                        || state.killers_of_notifier.contains(&order)
                        || state.panickers_of_notifier.contains_key(&order)
                }),
            };
            if !always_fails && !is_permanent(content, dead_letter) {
                violations.push((
                    Rule::NoHarmToOthers,
                    format!(
                        "{} is in the dead-letter queue of {pipeline:?}: {:?}",
                        dead_letter.origin,
                        dead_letter.attributes.get("error_code")
                    ),
                ));
            }
        }
    }
}

/// Checks how often a killer took other messages of its batch with it: twice at most, because a message is received alone
/// from its third receive on.
fn check_kills(state: &State, violations: &mut Vec<(Rule, String)>) {
    for (id, kills) in &state.history.killed_with_another {
        if *kills > 2 {
            violations.push((
                Rule::NoHarmToOthers,
                format!("{id} was killed {kills} times together with another record"),
            ));
        }
    }
}
