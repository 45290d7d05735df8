//! What the dead letters stand for: an order survives in a letter only if the letter could still become the order.

use std::collections::{BTreeMap, BTreeSet};

use dead_letters::{DeadLetter, QueueName};
use order_core::{Fingerprint, OrderConfirmed, OrderId, OrderMessage};

use crate::journal::{Acceptance, Journal, Poison};

/// The dead letters, told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Letters {
    /// Accepted orders that a letter of the queue of orders holds as they were accepted: a replay stores them.
    pub(super) orders: BTreeSet<String>,
    /// Accepted orders that a letter of the queue of notifications holds as they were accepted: a replay tells of them.
    pub(super) notifications: BTreeSet<String>,
    /// Those of either that do not say why they failed.
    pub(super) unexplained: BTreeSet<String>,
    /// Letters that name an accepted order and hold something else: the order's id.
    pub(super) differing: BTreeSet<String>,
    /// Poison that is no dead letter.
    pub(super) unburied: BTreeSet<String>,
    /// Poison that died of another reason than its own: the letter's id, and the reason.
    pub(super) misjudged: BTreeMap<String, String>,
    /// The ids of letters that are neither poison nor about an order of the journal.
    pub(super) stray: BTreeSet<String>,
}

impl Letters {
    /// Tells the letters apart.
    pub(super) fn tell_apart(journal: &Journal, letters: &[DeadLetter]) -> Self {
        let mut told = Self {
            unburied: journal.poison.keys().cloned().collect(),
            ..Self::default()
        };
        for letter in letters {
            match journal.poison.get(&letter.body) {
                Some(poison) if letter.queue == QueueName::Orders => told.bury(letter, *poison),
                _ => told.file(journal, letter),
            }
        }
        told
    }

    /// The orders that a letter of either queue holds.
    pub(super) fn dead(&self) -> BTreeSet<String> {
        self.orders.union(&self.notifications).cloned().collect()
    }

    fn bury(&mut self, letter: &DeadLetter, poison: Poison) {
        self.unburied.remove(&letter.body);
        if letter.reason != poison.reason() {
            let reason = format!("{} instead of {}", letter.reason, poison.reason());
            self.misjudged.insert(letter.message_id.clone(), reason);
        }
    }

    fn file(&mut self, journal: &Journal, letter: &DeadLetter) {
        let Some((named, _)) = order_named(journal, letter) else {
            self.stray.insert(letter.message_id.clone());
            return;
        };
        let id = named.to_string();
        if order_held(journal, letter).is_none() {
            self.differing.insert(id);
            return;
        }
        if !letter.is_explained() {
            self.unexplained.insert(id.clone());
        }
        match letter.queue {
            QueueName::Orders => self.orders.insert(id),
            QueueName::Notifications => self.notifications.insert(id),
        };
    }
}

/// The accepted order that a letter holds as it was accepted: a replay brings it on.
pub(crate) fn order_held(journal: &Journal, letter: &DeadLetter) -> Option<OrderId> {
    let (id, accepted) = order_named(journal, letter)?;
    (fingerprint(letter)? == accepted.fingerprint).then_some(id)
}

/// The accepted order that a letter names, whatever else it says.
fn order_named<'a>(journal: &'a Journal, letter: &DeadLetter) -> Option<(OrderId, &'a Acceptance)> {
    let id = letter.order_id.as_ref()?.parse().ok()?;
    Some((id, journal.accepted.get(&id)?))
}

/// Of the order that a letter holds, if it is what its queue takes.
fn fingerprint(letter: &DeadLetter) -> Option<Fingerprint> {
    let order = match letter.queue {
        QueueName::Orders => OrderMessage::from_json(&letter.body).ok()?.order,
        QueueName::Notifications => OrderConfirmed::from_json(&letter.body).ok()?.order,
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

    fn told(letters: &[DeadLetter]) -> Letters {
        let mut buried = vec![samples::poison()];
        buried.extend_from_slice(letters);
        Letters::tell_apart(&journal(), &buried)
    }

    fn order_0() -> BTreeSet<String> {
        BTreeSet::from([samples::id(0).to_string()])
    }

    #[test]
    fn an_order_survives_in_its_own_message_or_event() {
        assert_eq!(told(&[]), Letters::default());
        let orders = told(&[samples::letter(QueueName::Orders, samples::message(0, 0))]);
        assert_eq!((&orders.orders, orders.dead()), (&order_0(), order_0()));
        let notifications = told(&[samples::letter(QueueName::Notifications, samples::event(0, 0))]);
        assert_eq!(
            (&notifications.notifications, notifications.dead()),
            (&order_0(), order_0())
        );
        assert_eq!(notifications.orders, BTreeSet::new());
    }

    #[test]
    fn a_letter_that_only_names_the_order_is_not_the_order() {
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
            let told = told(&[samples::letter(queue, body.clone())]);
            assert_eq!(
                (told.dead(), told.differing),
                (BTreeSet::new(), order_0()),
                "{body}"
            );
        }
    }

    #[test]
    fn a_letter_that_does_not_say_why_is_told_of() {
        let mut letter = samples::letter(QueueName::Orders, samples::message(0, 0));
        assert_eq!(told(&[letter.clone()]).unexplained, BTreeSet::new());
        letter.reason = "attempts_exhausted".to_owned();
        assert_eq!(told(&[letter]).unexplained, order_0());
    }

    #[test]
    fn poison_must_die_of_its_own_reason_and_in_its_own_queue() {
        let mut letter = samples::poison();
        letter.reason = "conflict".to_owned();
        let misjudged = Letters::tell_apart(&journal(), &[letter]).misjudged;
        assert_eq!(misjudged["poison"], "conflict instead of malformed");
        let mut letter = samples::poison();
        letter.queue = QueueName::Notifications;
        let elsewhere = Letters::tell_apart(&journal(), &[letter]);
        let poison = BTreeSet::from(["poison".to_owned()]);
        assert_eq!((elsewhere.unburied, elsewhere.stray), (poison.clone(), poison));
    }

    #[test]
    fn a_letter_about_no_order_of_the_journal_is_a_stray() {
        let told = told(&[samples::letter(QueueName::Orders, samples::message(1, 1))]);
        assert_eq!(told.stray, BTreeSet::from(["letter".to_owned()]));
    }
}
