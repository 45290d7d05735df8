//! Emails: the orders that they notify, the rate, and the marks that follow.

use std::time::Duration;

use notifier::email::Email;
use order_core::{EventType, OrderId, Timestamp};
use order_table::{Notification, attribute};

use super::email_contents::{EmailContents, parse_email};
use super::erasure::began_after;
use crate::history::SentEmail;
use crate::rule::Rule;
use crate::schedule::{Schedule, TaskId};
use crate::world::{State, World};

/// notifier assumes a subscriber that it has seen for one minute, and until the end of the invocation in which that minute
/// ends.
const SUBSCRIBER_ASSUMED_FOR: Duration = Duration::from_secs(60 + 30);

/// While the topic is away, an invocation tries an email again, but never sooner.
const MIN_INTERVAL: Duration = Duration::from_millis(200);

/// An email begins only while this time is left before the deadline: for one slow attempt to send, and one to mark.
const TIME_TO_SEND_AND_MARK: Duration = Duration::from_secs(6);

/// The maximum number of emails in a second, by the template.
const MAX_PER_SECOND: usize = 8;
/// Above this number of emails in a second SNS suspends the subscription (SNS quotas: email, 10 messages per second).
const SUSPENDED_ABOVE: usize = 10;

/// Checks an attempt of the running invocation to send an email. Returns what the email says.
pub(crate) fn check_attempt(world: &World, email: &Email) -> Option<EmailContents> {
    let now = world.schedule.now();
    let task = world.schedule.running();
    let is_valid_subject = email.subject.is_ascii()
        && email.subject.len() < 100
        && !email.subject.contains(|character: char| character.is_control());
    if !is_valid_subject || email.body.len() + email.subject.len() > 256 * 1024 {
        world.report_violation(Rule::Limits, "an email that SNS rejects");
    }
    let Some(contents) = parse_email(email) else {
        world.report_violation(
            Rule::NotifiedOnce,
            "an email that does not name every order that it covers",
        );
        return None;
    };
    let about = contents.about;
    let mut violations = Vec::new();
    {
        let state = &mut *world.state.borrow_mut();
        let history = &mut state.history;
        history.email_attempts.push(now);
        let second = history
            .email_attempts
            .iter()
            .rev()
            .take_while(|at| **at + Duration::from_secs(1) > now);
        if second.count() > MAX_PER_SECOND {
            violations.push((
                Rule::EmailRate,
                format!("more than {MAX_PER_SECOND} emails in a second"),
            ));
        }
        let deadline = state.invocations.get(&task).map(|invocation| invocation.deadline);
        if deadline.is_some_and(|deadline| now + TIME_TO_SEND_AND_MARK > deadline) {
            let what = "an email began without time for its marks".to_owned();
            violations.push((Rule::NotifiedOnce, what));
        }
        for order in &contents.orders {
            check_notification(state, task, *order, about, now, &mut violations);
        }
    }
    for (rule, what) in violations {
        world.report_violation(rule, what);
    }
    Some(contents)
}

/// Checks that an invocation may notify an order.
fn check_notification(
    state: &mut State,
    task: TaskId,
    order: OrderId,
    about: EventType,
    now: Duration,
    violations: &mut Vec<(Rule, String)>,
) {
    if began_after(state, task, order) {
        let what = format!("{order} is notified by work that began after its erasure");
        violations.push((Rule::ErasedForEver, what));
    }
    let history = &mut state.history;
    let started = state
        .invocations
        .get(&task)
        .map_or(Duration::ZERO, |invocation| invocation.started);
    let earlier = history.attempted_notifications.insert((task, order), now);
    if earlier.is_some_and(|earlier| now < earlier + MIN_INTERVAL) {
        violations.push((Rule::EmailRate, format!("two attempts at once to notify {order}")));
    }
    if !state.rows.contains_key(&order) {
        violations.push((Rule::NotifiedOnce, format!("{order} is notified and has no row")));
    }
    let cancelled_at = history.cancelled.get(&order).map(|(at, _)| *at);
    match (about, cancelled_at) {
        (EventType::Confirmed, Some(at)) if at < started => violations.push((
            Rule::CancelledForEver,
            format!("{order} is said to be confirmed by work that began after its cancellation"),
        )),
        (EventType::Cancelled, None) => violations.push((
            Rule::CancelledForEver,
            format!("{order} is said to be cancelled, and is not"),
        )),
        _ => {}
    }
    if history
        .marked_at
        .get(&(order, about))
        .is_some_and(|at| *at < started)
    {
        violations.push((
            Rule::NotifiedOnce,
            format!("{order} was marked before and is notified again"),
        ));
    }
}

/// Delivers an email to the topic.
pub(crate) fn deliver(world: &World, contents: Option<EmailContents>) {
    let now = world.schedule.now();
    let Some(EmailContents {
        notification_id,
        about,
        orders,
    }) = contents
    else {
        return;
    };
    let mut violations = Vec::new();
    {
        let state = &mut *world.state.borrow_mut();
        let subscription = &mut state.subscription;
        let has_reader = subscription.is_confirmed
            || subscription
                .ended
                .is_some_and(|ended| now <= ended + SUBSCRIBER_ASSUMED_FOR);
        let emails = &mut state.history.emails;
        let arrived = emails
            .values()
            .filter(|sent| sent.at + Duration::from_secs(1) > now)
            .count();
        if arrived + 1 > SUSPENDED_ABOVE && subscription.is_confirmed {
            subscription.is_confirmed = false;
            subscription.ended = Some(now);
            violations.push("the subscription was suspended");
        }
        let sent = SentEmail {
            at: now,
            task: world.schedule.running(),
            about,
            orders,
            has_reader,
            is_acknowledged: false,
        };
        if emails.insert(notification_id, sent).is_some() {
            violations.push("two emails with one notification_id");
        }
    }
    for what in violations {
        world.report_violation(Rule::EmailRate, what);
    }
}

/// Records that the running invocation knows that its email was published.
pub(crate) fn confirm(world: &World, email: &Email) {
    let state = &mut *world.state.borrow_mut();
    if let Some(contents) = parse_email(email)
        && let Some(sent) = state.history.emails.get_mut(&contents.notification_id)
    {
        sent.is_acknowledged = true;
    }
}

/// The attributes of a mark about this event: its time and its id.
pub(crate) fn attributes(about: EventType) -> (&'static str, &'static str) {
    match about {
        EventType::Confirmed => (attribute::NOTIFIED_AT, attribute::NOTIFICATION_ID),
        EventType::Cancelled => (
            attribute::CANCELLATION_NOTIFIED_AT,
            attribute::CANCELLATION_NOTIFICATION_ID,
        ),
    }
}

/// Checks that an order may be marked as notified of an event.
pub(crate) fn check_mark(world: &World, order: OrderId, about: EventType, mark: &Notification) {
    let now = Timestamp::new(Schedule::date(world.schedule.now()));
    let violation = {
        let state = world.state.borrow();
        let is_marked = state
            .rows
            .get(&order)
            .is_some_and(|row| row.contains_key(attributes(about).0));
        match state.history.emails.get(&mark.id) {
            // A repetition after a lost response changes nothing.
            _ if is_marked => None,
            None => Some("its email was not published"),
            Some(sent) if !sent.orders.contains(&order) => Some("its email names other orders"),
            Some(sent) if sent.about != about => Some("its email says something else"),
            Some(sent) if !sent.is_acknowledged => Some("it is not known whether its email was published"),
            Some(sent) if !sent.has_reader => Some("the topic had no subscriber to read its email"),
            Some(sent) => {
                let is_time = (Timestamp::new(Schedule::date(sent.at))..=now).contains(&mark.notified_at);
                (!is_time).then_some("notified_at is not the time of its email")
            }
        }
    };
    if let Some(why) = violation {
        world.report_violation(Rule::TrueMarks, format!("{order} is marked: {why}"));
    }
}
