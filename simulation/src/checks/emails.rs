//! Emails: whom they tell of, at which pace, and whether the marks that follow are true.

use std::collections::BTreeSet;
use std::time::Duration;

use notifier::email::Email;
use order_core::{OrderId, Timestamp};
use order_table::{Notification, attribute};

use crate::ledger::Mail;
use crate::rule::Rule;
use crate::schedule::{Schedule, TaskId};
use crate::world::{State, World};

/// For how long a subscriber that was seen is believed in: a minute, and the invocation in which that minute ends.
const BELIEVED_FOR: Duration = Duration::from_secs(60 + 30);

/// The most emails of a second, by the template.
const MAX_PER_SECOND: usize = 8;
/// Above this SNS suspends the subscription (SNS quotas: email, 10 messages per second).
const SUSPENDED_ABOVE: usize = 10;

/// What an email prints.
struct Contents {
    notification_id: String,
    /// The orders that it lists.
    orders: BTreeSet<OrderId>,
    /// How many it covers: all that it lists, and those of which it says only how many they are.
    covers: usize,
}

fn contents(email: &Email) -> Option<Contents> {
    let (text, footer) = email.body.rsplit_once("--\nNotification ")?;
    let (id, covers) = footer.split_once(" covers ")?;
    let orders: BTreeSet<OrderId> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let covers: usize = covers.split(' ').next()?.parse().ok()?;
    let others = covers.checked_sub(orders.len())?;
    let is_true = others == 0 || text.ends_with(&format!("  and {others} more\n\n"));
    (is_true && !orders.is_empty()).then(|| Contents {
        notification_id: id.to_owned(),
        orders,
        covers,
    })
}

/// An invocation tries to send an email.
pub(crate) fn attempt(world: &World, email: &Email) -> BTreeSet<OrderId> {
    let now = world.schedule.now();
    let task = world.schedule.running();
    let is_subject = email.subject.is_ascii()
        && email.subject.len() < 100
        && !email.subject.contains(|character: char| character.is_control());
    if !is_subject || email.body.len() + email.subject.len() > 256 * 1024 {
        world.breaks(Rule::Limits, "an email that SNS would not take");
    }
    let Some(Contents { orders, .. }) = contents(email) else {
        world.breaks(Rule::ToldOnce, "an email whose last line is not true");
        return BTreeSet::new();
    };
    let mut broken = Vec::new();
    {
        let state = &mut *world.state.borrow_mut();
        let ledger = &mut state.ledger;
        ledger.attempts.push(now);
        let second = ledger
            .attempts
            .iter()
            .rev()
            .take_while(|at| **at + Duration::from_secs(1) > now);
        if second.count() > MAX_PER_SECOND {
            broken.push((
                Rule::Pace,
                format!("more than {MAX_PER_SECOND} emails in a second"),
            ));
        }
        for order in &orders {
            tell(state, task, *order, &mut broken);
        }
    }
    for (rule, what) in broken {
        world.breaks(rule, what);
    }
    orders
}

/// An invocation tells of an order.
fn tell(state: &mut State, task: TaskId, order: OrderId, broken: &mut Vec<(Rule, String)>) {
    let ledger = &mut state.ledger;
    let started = state
        .invocations
        .get(&task)
        .map_or(Duration::ZERO, |invocation| invocation.started);
    if !ledger.told.insert((task, order)) {
        broken.push((Rule::Pace, format!("two attempts to tell of {order}")));
    }
    if !state.rows.contains_key(&order) {
        broken.push((Rule::ToldOnce, format!("{order} is told of and has no row")));
    }
    if ledger.marked.get(&order).is_some_and(|at| *at < started) {
        broken.push((
            Rule::ToldOnce,
            format!("{order} was marked before and is told of again"),
        ));
    }
}

/// The running invocation begins to mark orders of an email. So the world learns which ones it covers without listing
/// them.
pub(crate) fn name(world: &World, orders: &[OrderId], mark: &Notification) {
    let task = world.schedule.running();
    let mut broken = Vec::new();
    {
        let state = &mut *world.state.borrow_mut();
        for order in orders {
            let Some(mail) = state.ledger.emails.get_mut(&mark.id) else {
                continue;
            };
            if mail.task == task && mail.orders.len() < mail.covers && mail.orders.insert(*order) {
                tell(state, task, *order, &mut broken);
            }
        }
    }
    for (rule, what) in broken {
        world.breaks(rule, what);
    }
}

/// An email reaches the topic.
pub(crate) fn hand_over(world: &World, email: &Email, orders: BTreeSet<OrderId>) {
    let now = world.schedule.now();
    let Some(Contents {
        notification_id,
        covers,
        ..
    }) = contents(email)
    else {
        return;
    };
    let mut broken = Vec::new();
    {
        let state = &mut *world.state.borrow_mut();
        let subscription = &mut state.subscription;
        let is_heard = subscription.is_confirmed
            || subscription
                .ended
                .is_some_and(|ended| now <= ended + BELIEVED_FOR);
        let emails = &mut state.ledger.emails;
        let arrived = emails
            .values()
            .filter(|mail| mail.at + Duration::from_secs(1) > now)
            .count();
        if arrived + 1 > SUSPENDED_ABOVE && subscription.is_confirmed {
            subscription.is_confirmed = false;
            subscription.ended = Some(now);
            broken.push("the subscription was suspended");
        }
        let mail = Mail {
            at: now,
            task: world.schedule.running(),
            orders,
            covers,
            is_heard,
            is_acknowledged: false,
        };
        if emails.insert(notification_id, mail).is_some() {
            broken.push("two emails of one notification_id");
        }
    }
    for what in broken {
        world.breaks(Rule::Pace, what);
    }
}

/// The running invocation knows that its email was handed over.
pub(crate) fn handed_over_seen(world: &World, email: &Email) {
    let state = &mut *world.state.borrow_mut();
    if let Some(contents) = contents(email)
        && let Some(mail) = state.ledger.emails.get_mut(&contents.notification_id)
    {
        mail.is_acknowledged = true;
    }
}

/// An order is about to be marked.
pub(crate) fn check_mark(world: &World, order: OrderId, mark: &Notification) {
    let now = Timestamp::new(Schedule::date(world.schedule.now()));
    let broken = {
        let state = world.state.borrow();
        let is_marked = state
            .rows
            .get(&order)
            .is_some_and(|row| row.contains_key(attribute::NOTIFIED_AT));
        match state.ledger.emails.get(&mark.id) {
            // A repeat after a lost response changes nothing.
            _ if is_marked => None,
            None => Some("its email was not handed over"),
            Some(mail) if !mail.orders.contains(&order) => Some("its email tells of other orders"),
            Some(mail) if !mail.is_acknowledged => Some("what became of its email is not known"),
            Some(mail) if !mail.is_heard => Some("nobody was there to read its email"),
            Some(mail) => {
                let is_time = (Timestamp::new(Schedule::date(mail.at))..=now).contains(&mark.notified_at);
                (!is_time).then_some("notified_at is not when it was told of")
            }
        }
    };
    if let Some(why) = broken {
        world.breaks(Rule::TrueMarks, format!("{order} is marked: {why}"));
    }
}
