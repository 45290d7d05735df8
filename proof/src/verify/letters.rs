//! Classifying the dead letters. A letter keeps an order only if a replay of the letter would store that order.

use std::collections::{BTreeMap, BTreeSet};

use dead_letters::{DeadLetter, QueueName};
use order_core::{Fingerprint, OrderEvent, OrderId, OrderMessage, QueueMessage};

use crate::journal::{Acceptance, Journal, Poison};

/// The dead letters by what they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClassifiedLetters {
    /// Accepted orders that a letter of the queue of orders holds unchanged: a replay stores them.
    pub(super) orders: BTreeSet<String>,
    /// Accepted orders that a letter of the queue of notifications holds unchanged: a replay sends their email.
    pub(super) notifications: BTreeSet<String>,
    /// Those of both whose letter carries no reason.
    pub(super) unexplained: BTreeSet<String>,
    /// Accepted orders that a letter names but does not hold unchanged.
    pub(super) differing: BTreeSet<String>,
    /// Poison messages that are not in the dead-letter queue.
    pub(super) not_dead_lettered: BTreeSet<String>,
    /// Poison whose dead letter carries another reason than the expected one: the letter's id, and both reasons.
    pub(super) wrong_reason: BTreeMap<String, String>,
    /// The ids of letters that are neither poison nor about an order of the journal.
    pub(super) stray: BTreeSet<String>,
}

impl ClassifiedLetters {
    /// Classifies the letters.
    pub(super) fn classify(journal: &Journal, letters: &[DeadLetter]) -> Self {
        let mut classified = Self {
            not_dead_lettered: journal.poison.keys().cloned().collect(),
            ..Self::default()
        };
        for letter in letters {
            match journal.poison.get(&letter.body) {
                Some(poison) if letter.queue == QueueName::Orders => classified.add_poison(letter, *poison),
                _ => classified.add_letter(journal, letter),
            }
        }
        classified
    }

    /// The orders that a letter of either queue holds.
    pub(super) fn all_orders(&self) -> BTreeSet<String> {
        self.orders.union(&self.notifications).cloned().collect()
    }

    fn add_poison(&mut self, letter: &DeadLetter, poison: Poison) {
        self.not_dead_lettered.remove(&letter.body);
        if letter.reason != poison.reason() {
            let reason = format!("{} instead of {}", letter.reason, poison.reason());
            self.wrong_reason.insert(letter.message_id.clone(), reason);
        }
    }

    fn add_letter(&mut self, journal: &Journal, letter: &DeadLetter) {
        let Some((named, _)) = find_order_named(journal, letter) else {
            self.stray.insert(letter.message_id.clone());
            return;
        };
        // It holds no order, and none is lost with it.
        if matches!(
            QueueMessage::from_json(&letter.body),
            Ok(QueueMessage::Cancellation(_))
        ) {
            self.stray.insert(letter.message_id.clone());
            return;
        }
        let id = named.to_string();
        if find_order_held(journal, letter).is_none() {
            self.differing.insert(id);
            return;
        }
        if !letter.is_explained() {
            self.unexplained.insert(id.clone());
        }
        match letter.queue {
            QueueName::Orders => self.orders.insert(id),
            QueueName::Notifications => self.notifications.insert(id),
            // They hold no order, so that they were counted above.
            QueueName::Emails | QueueName::Covers => false,
        };
    }
}

/// The accepted order that a letter holds unchanged, so that a replay processes it.
pub(crate) fn find_order_held(journal: &Journal, letter: &DeadLetter) -> Option<OrderId> {
    let (id, accepted) = find_order_named(journal, letter)?;
    (read_fingerprint(letter)? == accepted.fingerprint).then_some(id)
}

/// The accepted order whose id a letter names.
fn find_order_named<'a>(journal: &'a Journal, letter: &DeadLetter) -> Option<(OrderId, &'a Acceptance)> {
    let id = letter.order_id.as_ref()?.parse().ok()?;
    Some((id, journal.accepted.get(&id)?))
}

/// The fingerprint of the order that a letter holds, if its body is valid for its queue.
fn read_fingerprint(letter: &DeadLetter) -> Option<Fingerprint> {
    let order = match letter.queue {
        QueueName::Orders => OrderMessage::from_json(&letter.body).ok()?.order,
        QueueName::Notifications => OrderEvent::from_json(&letter.body)
            .ok()?
            .confirmed()
            .order
            .clone(),
        QueueName::Emails | QueueName::Covers => return None,
    };
    Some(Fingerprint::of(&order))
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;

    /// One accepted order and one poison message.
    fn journal() -> Journal {
        let mut journal = Journal::default();
        journal.accepted.insert(samples::id(0), samples::acceptance(0));
        journal.poison.insert("poison".to_owned(), Poison::Malformed);
        journal
    }

    fn classified(letters: &[DeadLetter]) -> ClassifiedLetters {
        let mut letters_and_poison = vec![samples::poison()];
        letters_and_poison.extend_from_slice(letters);
        ClassifiedLetters::classify(&journal(), &letters_and_poison)
    }

    fn order_0() -> BTreeSet<String> {
        BTreeSet::from([samples::id(0).to_string()])
    }

    #[test]
    fn a_letter_of_a_cancellation_keeps_no_order() {
        let cancellation = order_core::CancellationMessage {
            order_id: samples::id(0),
            requested_at: samples::moment(),
        };
        let letter = samples::letter(QueueName::Orders, cancellation.to_json());
        let classified = classified(&[letter]);
        assert!(classified.differing.is_empty() && classified.all_orders().is_empty());
        assert_eq!(classified.stray.len(), 1);
    }

    #[test]
    fn a_letter_keeps_the_order_in_its_message_or_event() {
        assert_eq!(classified(&[]), ClassifiedLetters::default());
        let orders = classified(&[samples::letter(QueueName::Orders, samples::message(0, 0))]);
        assert_eq!((&orders.orders, orders.all_orders()), (&order_0(), order_0()));
        let notifications = classified(&[samples::letter(QueueName::Notifications, samples::event(0, 0))]);
        assert_eq!(
            (&notifications.notifications, notifications.all_orders()),
            (&order_0(), order_0())
        );
        assert_eq!(notifications.orders, BTreeSet::new());
    }

    #[test]
    fn a_letter_that_only_names_an_order_does_not_keep_it() {
        for (queue, body) in [
            (QueueName::Orders, samples::message(0, 1)),
            (QueueName::Notifications, samples::event(0, 1)),
            (QueueName::Orders, samples::event(0, 0)),
            (QueueName::Notifications, samples::message(0, 0)),
            (
                QueueName::Orders,
                format!(r#"{{"order_id":"{}"}}"#, samples::id(0)),
            ),
        ] {
            let classified = classified(&[samples::letter(queue, body.clone())]);
            assert_eq!(
                (classified.all_orders(), classified.differing),
                (BTreeSet::new(), order_0()),
                "{body}"
            );
        }
    }

    #[test]
    fn a_letter_without_a_reason_is_found() {
        let mut letter = samples::letter(QueueName::Orders, samples::message(0, 0));
        assert_eq!(classified(&[letter.clone()]).unexplained, BTreeSet::new());
        letter.reason = "attempts_exhausted".to_owned();
        assert_eq!(classified(&[letter]).unexplained, order_0());
    }

    #[test]
    fn poison_needs_the_expected_reason_and_queue() {
        let mut letter = samples::poison();
        letter.reason = "conflict".to_owned();
        let wrong_reason = ClassifiedLetters::classify(&journal(), &[letter]).wrong_reason;
        assert_eq!(wrong_reason["poison"], "conflict instead of malformed");
        let mut letter = samples::poison();
        letter.queue = QueueName::Notifications;
        let elsewhere = ClassifiedLetters::classify(&journal(), &[letter]);
        let poison = BTreeSet::from(["poison".to_owned()]);
        assert_eq!(
            (elsewhere.not_dead_lettered, elsewhere.stray),
            (poison.clone(), poison)
        );
    }

    #[test]
    fn a_letter_about_no_order_of_the_journal_is_a_stray() {
        let classified = classified(&[samples::letter(QueueName::Orders, samples::message(1, 1))]);
        assert_eq!(classified.stray, BTreeSet::from(["letter".to_owned()]));
    }
}
