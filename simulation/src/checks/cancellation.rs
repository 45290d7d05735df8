//! A cancellation ends as a cancelled row with its event and its email, or as a dead letter, and `cancelled_at` is written once.

use order_core::{EventType, OrderId};
use order_table::{OrderRow, Stored, attribute};

use super::dead_letters::list_dead_lettered;
use crate::history::MessageContent;
use crate::pipeline::Pipeline;
use crate::rule::Rule;
use crate::world::State;

/// Checks every cancellation in the idle world.
pub(super) fn check_cancellations(state: &State, violations: &mut Vec<(Rule, String)>) {
    let not_cancelled = list_dead_lettered(state, Pipeline::Orders, EventType::Cancelled);
    let not_notified = list_dead_lettered(state, Pipeline::Notifications, EventType::Cancelled);
    let mut report = |order: &OrderId, what: &str| {
        violations.push((Rule::CancelledForEver, format!("{order} {what}")));
    };
    for content in state.history.accepted.values() {
        let MessageContent::Cancellation(order) = content else {
            continue;
        };
        let attributes = state.rows.get(order);
        if attributes.is_some_and(Stored::is_erased) {
            continue;
        }
        let is_cancelled = attributes.is_some_and(|row| row.contains_key(attribute::CANCELLED_AT));
        if !is_cancelled && !not_cancelled.contains(order) {
            report(order, "is not cancelled, and its cancellation is no dead letter");
        }
    }
    for (order, (_, cancelled_at)) in &state.history.cancelled {
        let Some(attributes) = state.rows.get(order) else {
            report(order, "was cancelled, and has no row");
            continue;
        };
        if Stored::is_erased(attributes) {
            continue;
        }
        let row = OrderRow::from_attributes(attributes).ok();
        let cancellation = row.and_then(|row| row.cancellation);
        let Some(cancellation) = cancellation.filter(|found| found.cancelled_at == *cancelled_at) else {
            report(order, "was cancelled, and its row does not say so");
            continue;
        };
        let is_published = state
            .history
            .publications
            .contains_key(&(*order, EventType::Cancelled));
        if !is_published && !not_cancelled.contains(order) {
            report(order, "is cancelled, and its event was never published");
        }
        let is_emailed = state.history.emails.values().any(|email| {
            email.has_reader && email.about == EventType::Cancelled && email.orders.contains(order)
        });
        let is_told = is_emailed && cancellation.notification.is_some();
        if is_published && !is_told && !not_notified.contains(order) {
            report(order, "is cancelled, and no email and mark say so");
        }
    }
}
