//! What an invocation reports is what is so.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use order_core::{OrderConfirmed, OrderId, OrderMessage};
use order_table::OrderRow;

use crate::plan::Subscriber;
use crate::queue::Delivery;
use crate::rule::Rule;
use crate::schedule::TaskId;
use crate::world::{Invocation, Line, State, World};

/// How long before its deadline an invocation has to be over to have had the time to settle everything.
const TIME_TO_SETTLE: Duration = Duration::from_secs(4);

/// How long before its deadline an invocation of notifier has to be to begin with further records.
const TIME_TO_READ: Duration = Duration::from_secs(12);

/// How many attributes a message may have so that the five of its letter fit beside them.
const MAX_OWN_ATTRIBUTES: usize = 5;

/// The order that a message is about.
fn order_of(line: Line, body: &str) -> Option<OrderId> {
    match line {
        Line::Orders => OrderMessage::from_json(body).ok().map(|message| message.order_id),
        Line::Notifications => OrderConfirmed::from_json(body).ok().map(|event| event.order_id),
    }
}

/// Checks the messages that an invocation reports as failed.
pub(crate) fn check(world: &World, task: TaskId, invocation: &Invocation, reported: &BTreeSet<&str>) {
    let now = world.schedule.now();
    let mut copies: BTreeMap<OrderId, u32> = BTreeMap::new();
    let mut showings: BTreeMap<&str, u32> = BTreeMap::new();
    for delivery in &invocation.batch {
        if let Some(order) = order_of(invocation.line, &delivery.body) {
            *copies.entry(order).or_default() += 1;
        }
        *showings.entry(&delivery.id).or_default() += 1;
    }
    let had_time = now + TIME_TO_SETTLE <= invocation.deadline;
    let mut broken = Vec::new();
    let state = world.state.borrow();
    let ledger = &state.ledger;
    for delivery in &invocation.batch {
        if !reported.contains(delivery.id.as_str()) || showings[delivery.id.as_str()] > 1 {
            continue;
        }
        let id = &delivery.id;
        if ledger.burials_seen.contains(&(task, id.clone())) {
            broken.push((Rule::ValidAnswer, format!("{id} was buried and is reported")));
        }
        let any_order = order_of(invocation.line, &delivery.body);
        let order = any_order.filter(|order| copies[order] == 1);
        if let Some(order) = order {
            let is_done = match invocation.line {
                Line::Orders => ledger.publications_seen.contains(&(task, order)),
                Line::Notifications => ledger.marks_seen.contains(&(task, order)),
            };
            if is_done {
                broken.push((Rule::ValidAnswer, format!("{id} is done and is reported")));
            }
        }
        let is_late = match invocation.line {
            Line::Orders => invocation.is_late(now),
            // Where there are others, notifier begins with what it has received before only if it could read its row.
            Line::Notifications if delivery.receives > 1 => now + TIME_TO_READ > invocation.deadline,
            Line::Notifications => !had_time,
        };
        if !is_late && is_permanent(&state, task, invocation.line, delivery, order) {
            let is_tried = ledger.burials_asked.contains(&(task, id.clone()));
            if delivery.attributes.len() <= MAX_OWN_ATTRIBUTES && !is_tried {
                let what = format!("{id} can never succeed, and is reported without a try to bury it");
                broken.push((Rule::TrueLetters, what));
            }
        }
        let is_sound = any_order.is_some_and(|order| is_sound(&state, invocation.line, order));
        let is_served = world.plan.is_without_faults() && world.plan.subscriber == Subscriber::Always;
        if is_served && is_sound && !is_late && !is_short_of_emails(invocation, now) {
            let what = format!("{id} is reported although nothing is wrong with it");
            broken.push((Rule::NoHarmToOthers, what));
        }
        if had_time {
            let longest = (5_u64 << delivery.receives.saturating_sub(1).min(16)).min(900);
            match ledger.delays.get(&(task, id.clone())) {
                Some(seconds) if (longest.div_ceil(2)..=longest).contains(seconds) => {}
                Some(seconds) => broken.push((
                    Rule::TrueLetters,
                    format!(
                        "{id} is delayed by {seconds} s after receive {}",
                        delivery.receives
                    ),
                )),
                None => broken.push((Rule::TrueLetters, format!("{id} is reported without a delay"))),
            }
        }
    }
    drop(state);
    for (rule, what) in broken {
        world.breaks(rule, what);
    }
    if invocation.line == Line::Notifications {
        check_marks(world, task, invocation);
    }
}

/// Whether nothing lies in an order itself that keeps its message from being done.
fn is_sound(state: &State, line: Line, order: OrderId) -> bool {
    match line {
        Line::Orders => {
            !state.killers.contains(&order)
                && !state.panickers.contains_key(&order)
                && !state.refused.contains_key(&order)
        }
        Line::Notifications => {
            state.rows.contains_key(&order)
                && !state.killers_of_notifier.contains(&order)
                && !state.panickers_of_notifier.contains_key(&order)
        }
    }
}

/// Whether an invocation of notifier may have had no time for one more email, or for the rows of further orders.
fn is_short_of_emails(invocation: &Invocation, now: Duration) -> bool {
    invocation.line == Line::Notifications && now + TIME_TO_READ > invocation.deadline
}

/// Whether an invocation knows of a message that it can never succeed.
fn is_permanent(
    state: &State,
    task: TaskId,
    line: Line,
    delivery: &Delivery,
    order: Option<OrderId>,
) -> bool {
    if line == Line::Notifications {
        return OrderConfirmed::from_json(&delivery.body).is_err();
    }
    let Ok(message) = OrderMessage::from_json(&delivery.body) else {
        return true;
    };
    let Some(order) = order else { return false };
    let told = state.ledger.refusals.get(&(task, order)).copied();
    let row = state.rows.get(&order).map(OrderRow::from_attributes);
    let is_conflict = state.ledger.rows_read.contains(&(task, order))
        && row.is_some_and(|row| row.is_ok_and(|row| row.order != message.order));
    told == Some("ValidationError") || is_conflict
}

/// Every email that an invocation sent is marked, unless marking failed again and again.
fn check_marks(world: &World, task: TaskId, invocation: &Invocation) {
    let state = world.state.borrow();
    let ledger = &state.ledger;
    let is_short = world.schedule.now() + TIME_TO_SETTLE > invocation.deadline;
    let unmarked: Vec<OrderId> = ledger
        .emails
        .values()
        .filter(|mail| mail.task == task && mail.is_acknowledged)
        .flat_map(|mail| mail.orders.iter().copied())
        .filter(|order| {
            let failures = ledger
                .marks_failed
                .get(&(task, *order))
                .copied()
                .unwrap_or_default();
            !ledger.marked.contains_key(order) && failures < if is_short { 1 } else { 3 }
        })
        .collect();
    let unnamed: usize = ledger
        .emails
        .values()
        .filter(|mail| mail.task == task && mail.is_acknowledged && !is_short)
        .map(|mail| mail.covers - mail.orders.len())
        .sum();
    drop(state);
    if unnamed > 0 {
        world.breaks(
            Rule::ToldOnce,
            format!("{unnamed} orders were told of without their names, and marking them was not tried"),
        );
    }
    for order in unmarked {
        world.breaks(
            Rule::ToldOnce,
            format!("{order} was told of, and marking it was not tried three times"),
        );
    }
}
