//! What must be so when everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use order_core::{OrderConfirmed, OrderId, OrderMessage};
use order_table::OrderRow;
use order_table::attribute;

use super::letters::is_permanent;
use crate::ledger::Content;
use crate::plan::Subscriber;
use crate::rule::Rule;
use crate::world::{Line, State, World};

/// Checks the world at rest.
pub(crate) fn check(world: &World) {
    let mut broken = Vec::new();
    {
        let state = &*world.state.borrow();
        orders(state, &mut broken);
        doubles(state, &mut broken);
        if world.plan.is_survivable() {
            survivors(state, &mut broken);
        }
        // Twice in one run with any of them, and in order-worker once waiting behind each. One that keeps failing by itself, in
        // an outage or while nobody is subscribed, may come back together with one of them by chance.
        let traffic = &world.plan.traffic;
        let is_read = world.plan.subscriber == Subscriber::Always;
        for (id, harms) in &state.ledger.harmed {
            let most = if state.ledger.messages_of_orders.contains_key(id) {
                2 + traffic.killers
            } else if is_read {
                2 * traffic.killers_of_notifier
            } else {
                u32::MAX
            };
            if world.plan.is_survivable() && world.plan.is_without_faults() && *harms > most {
                broken.push((
                    Rule::NoHarmToOthers,
                    format!("{id} was taken down {harms} times by another record"),
                ));
            }
        }
    }
    for (rule, what) in broken {
        world.breaks(rule, what);
    }
}

/// The orders that lie in a line's dead-letter queue.
fn buried(state: &State, line: Line) -> BTreeSet<OrderId> {
    let letters = state.queues[&line].dead_letters.messages.values();
    letters
        .filter_map(|letter| match line {
            Line::Orders => OrderMessage::from_json(&letter.body)
                .ok()
                .map(|message| message.order_id),
            Line::Notifications => OrderConfirmed::from_json(&letter.body)
                .ok()
                .map(|event| event.order_id),
        })
        .collect()
}

/// Every order has its row, which says what was accepted; every row was announced and emailed. Or a letter remains.
fn orders(state: &State, broken: &mut Vec<(Rule, String)>) {
    let unmade = buried(state, Line::Orders);
    let untold = buried(state, Line::Notifications);
    let mut accepted: BTreeMap<OrderId, Vec<&OrderMessage>> = BTreeMap::new();
    for content in state.ledger.accepted.values() {
        if let Content::Order(message) = content {
            accepted.entry(message.order_id).or_default().push(message);
        }
    }
    for (id, messages) in &accepted {
        let Some(attributes) = state.rows.get(id) else {
            if !unmade.contains(id) {
                broken.push((Rule::NothingLost, format!("{id} has neither row nor letter")));
            }
            continue;
        };
        let row = OrderRow::from_attributes(attributes);
        let is_accepted = row.as_ref().is_ok_and(|row| {
            messages
                .iter()
                .any(|message| message.order == row.order && message.accepted_at == row.accepted_at)
        });
        if !is_accepted {
            broken.push((
                Rule::NothingLost,
                format!("the row of {id} is not what was accepted"),
            ));
        }
        let is_published = state.ledger.publications.contains_key(id);
        if !is_published && !unmade.contains(id) {
            broken.push((Rule::ToldOnce, format!("{id} was never announced")));
        }
        let is_emailed = state
            .ledger
            .emails
            .values()
            .any(|mail| mail.is_heard && mail.orders.contains(id));
        let is_marked = attributes.contains_key(attribute::NOTIFIED_AT);
        if is_published && !(is_emailed && is_marked) && !untold.contains(id) {
            broken.push((
                Rule::ToldOnce,
                format!("{id}: emailed {is_emailed}, marked {is_marked}, and no letter"),
            ));
        }
    }
    for id in state.rows.keys().filter(|id| !accepted.contains_key(id)) {
        broken.push((
            Rule::NothingLost,
            format!("{id} has a row and was never accepted"),
        ));
    }
}

/// Letters and publications are doubled only where something explains it.
fn doubles(state: &State, broken: &mut Vec<(Rule, String)>) {
    let ledger = &state.ledger;
    let excuses = |id: &str| ledger.excuses.get(id).copied().unwrap_or_default();
    for (source, letters) in &ledger.letters {
        if *letters > 1 + excuses(source) {
            broken.push((
                Rule::TrueLetters,
                format!("{source} has {letters} letters and no reason for them"),
            ));
        }
    }
    let mut allowed: BTreeMap<OrderId, u32> = BTreeMap::new();
    for (id, order) in &state.ledger.messages_of_orders {
        *allowed.entry(*order).or_default() += 1 + excuses(id);
    }
    for (order, publications) in &ledger.publications {
        if *publications > allowed.get(order).copied().unwrap_or_default() {
            broken.push((
                Rule::ToldOnce,
                format!("{order} was announced {publications} times without a reason"),
            ));
        }
    }
}

/// After half an hour of outage only what can never succeed is in the dead-letter queues.
fn survivors(state: &State, broken: &mut Vec<(Rule, String)>) {
    for (line, queues) in &state.queues {
        for letter in queues.dead_letters.messages.values() {
            let content = state.ledger.accepted.get(&letter.origin);
            let is_doomed = match content {
                Some(Content::Order(message)) => {
                    state.killers.contains(&message.order_id)
                        || state.panickers.contains_key(&message.order_id)
                }
                Some(Content::Poison) => true,
                // An event from elsewhere.
                None => OrderConfirmed::from_json(&letter.body).map_or(true, |event| {
                    !state.rows.contains_key(&event.order_id)
                        || state.killers_of_notifier.contains(&event.order_id)
                        || state.panickers_of_notifier.contains_key(&event.order_id)
                }),
            };
            if !is_doomed && !is_permanent(content, letter) {
                broken.push((
                    Rule::NoHarmToOthers,
                    format!(
                        "{} is in the dead letters of {line:?}: {:?}",
                        letter.origin,
                        letter.attributes.get("error_code")
                    ),
                ));
            }
        }
    }
}

/// After the replay: only what can never succeed is left, and what was right is as it was.
pub(crate) fn check_replayed(world: &World, before: &BTreeMap<OrderId, order_table::Attributes>) {
    let mut broken = Vec::new();
    {
        let state = &*world.state.borrow();
        for (id, old) in before {
            let is_same = state.rows.get(id).is_some_and(|new| {
                let may_be_new = [attribute::NOTIFIED_AT, attribute::NOTIFICATION_ID];
                old.iter().all(|(name, value)| new.get(name) == Some(value))
                    && new
                        .keys()
                        .all(|name| old.contains_key(name) || may_be_new.contains(&name.as_str()))
            });
            if !is_same {
                broken.push(format!("the row of {id} changed"));
            }
        }
        for (line, queues) in &state.queues {
            for letter in queues.dead_letters.messages.values() {
                let content = state.ledger.accepted.get(&letter.origin);
                let is_rowless = *line == Line::Notifications
                    && OrderConfirmed::from_json(&letter.body)
                        .is_ok_and(|event| !state.rows.contains_key(&event.order_id));
                if !is_rowless && !is_permanent(content, letter) {
                    broken.push(format!(
                        "{} is still dead: {:?}",
                        letter.origin,
                        letter.attributes.get("error_code")
                    ));
                }
            }
        }
    }
    for what in broken {
        world.breaks(Rule::ReplayHeals, what);
    }
}
