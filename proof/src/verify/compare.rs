//! The comparison itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dead_letters::DeadLetter;

use super::coverage::{Coverage, cover};
use super::letters::Letters;
use super::mail::{Email, Mailbox};
use super::rows::Row;
use crate::event_audit::Event;
use crate::journal::Journal;

/// What was found in the system.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// All rows.
    pub(super) rows: Vec<Row>,
    /// All audited events.
    pub(super) events: Vec<Event>,
    /// All emails; none if mail cannot be read.
    pub(super) mail: Option<Mailbox>,
    /// All dead letters.
    pub(super) letters: Vec<DeadLetter>,
    /// Messages that are still in the queues.
    pub(super) in_flight: u64,
}

/// What is not as it was promised. [`super::report`] says which of it must be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// Accepted, and neither a row nor a dead letter that holds it.
    pub(super) lost: BTreeSet<String>,
    /// One request, more than one row or more than one id: the idempotency keys.
    pub(super) doubled: BTreeSet<String>,
    /// Row, event or letter with another content than was accepted: the order's id and what differs.
    pub(super) differing: BTreeMap<String, String>,
    /// A row, and no event that tells of it.
    pub(super) unpublished: BTreeSet<String>,
    /// A row, and no email that covers it; none if mail cannot be read.
    pub(super) unnotified: Option<BTreeSet<String>>,
    /// The dead letters, told apart.
    pub(super) letters: Letters,
    /// Rows that are no accepted order's: their keys.
    pub(super) stray_rows: BTreeSet<String>,
    /// Events that cannot be read, or are about no stored order of the journal: the ids of their messages.
    pub(super) stray_events: BTreeSet<String>,
    /// Emails that cannot be read, or name an order that is no stored one of the journal; none if mail cannot be read.
    pub(super) stray_emails: Option<usize>,
    /// Events beyond the first of an order.
    pub(super) republished: u64,
    /// How often an inbox was told of an order again; none if mail cannot be read.
    pub(super) told_again: Option<u64>,
}

/// Compares the journal with the evidence.
pub(super) fn compare(journal: &Journal, evidence: &Evidence) -> Findings {
    let letters = Letters::tell_apart(journal, &evidence.letters);
    let mut findings = Findings {
        doubled: journal.keys_with_two_ids.clone(),
        ..Findings::default()
    };
    for id in &letters.differing {
        findings
            .differing
            .insert(id.clone(), "its dead letter says something else".to_owned());
    }
    let stored = rows(journal, evidence, &letters.orders, &mut findings);
    // Whose dead letter still lies there is neither forgotten nor done: it is not asked for further on.
    let to_publish: BTreeSet<String> = stored.difference(&letters.orders).cloned().collect();
    events(journal, evidence, &stored, &to_publish, &mut findings);
    if let Some(mail) = &evidence.mail {
        let to_tell = to_publish.difference(&letters.notifications).cloned().collect();
        let Coverage { untold, told_again } = cover(&mail.emails, &evidence.rows, &to_tell);
        findings.unnotified = Some(untold);
        findings.told_again = Some(told_again);
        let is_stray = |email: &&Email| email.listed.iter().any(|id| !stored.contains(&id.to_string()));
        findings.stray_emails = Some(mail.unreadable + mail.emails.iter().filter(is_stray).count());
    }
    findings.letters = letters;
    findings
}

/// Accounts for rows; the accepted orders that have one. `letters` are those that a letter keeps for the table.
fn rows(
    journal: &Journal,
    evidence: &Evidence,
    letters: &BTreeSet<String>,
    findings: &mut Findings,
) -> BTreeSet<String> {
    let by_id: HashMap<&str, &Row> = evidence
        .rows
        .iter()
        .map(|row| (row.order_id.as_str(), row))
        .collect();
    let mut stored = BTreeSet::new();
    let mut ids_by_key: HashMap<&str, String> = HashMap::new();
    for (id, acceptance) in &journal.accepted {
        let id = id.to_string();
        ids_by_key.insert(&acceptance.key, id.clone());
        let Some(row) = by_id.get(id.as_str()) else {
            if !letters.contains(&id) {
                findings.lost.insert(id);
            }
            continue;
        };
        let expected = acceptance.fingerprint.to_string();
        match &row.content {
            Err(reason) => {
                findings
                    .differing
                    .insert(id.clone(), format!("its row is no order: {reason}"));
            }
            Ok(content) if *content != acceptance.fingerprint => {
                findings
                    .differing
                    .insert(id.clone(), "its row says something else".to_owned());
            }
            Ok(_) if row.stored_fingerprint.as_ref() != Some(&expected) => {
                findings
                    .differing
                    .insert(id.clone(), "its row carries another fingerprint".to_owned());
            }
            Ok(_) => {}
        }
        stored.insert(id);
    }
    for row in &evidence.rows {
        if !stored.contains(&row.order_id) {
            findings.stray_rows.insert(row.order_id.clone());
        }
        // The note of an order is its key, so that a second row of one request is found whatever its id.
        if let Some((key, id)) = row
            .note
            .as_deref()
            .and_then(|note| ids_by_key.get_key_value(note))
            && *id != row.order_id
        {
            findings.doubled.insert((*key).to_owned());
        }
    }
    stored
}

/// Accounts for events. `stored` are the accepted orders that have a row, `to_publish` those that must have an event.
fn events(
    journal: &Journal,
    evidence: &Evidence,
    stored: &BTreeSet<String>,
    to_publish: &BTreeSet<String>,
    findings: &mut Findings,
) {
    let expected: HashMap<String, String> = journal
        .accepted
        .iter()
        .map(|(id, acceptance)| (id.to_string(), acceptance.fingerprint.to_string()))
        .collect();
    let mut published: BTreeMap<&str, Publications<'_>> = BTreeMap::new();
    for event in &evidence.events {
        let Some(id) = event.order_id.as_ref().filter(|id| stored.contains(*id)) else {
            findings.stray_events.insert(event.message_id.clone());
            continue;
        };
        if event.fingerprint.as_ref() != expected.get(id) {
            findings
                .differing
                .insert(id.clone(), "its event says something else".to_owned());
        }
        published.entry(id).or_default().add(event);
    }
    for (id, publications) in &published {
        findings.republished += publications.repetitions();
        if publications.digests.len() > 1 {
            findings
                .differing
                .entry((*id).to_owned())
                .or_insert_with(|| "its events are not identical".to_owned());
        }
    }
    findings.unpublished = to_publish
        .iter()
        .filter(|id| !published.contains_key(id.as_str()))
        .cloned()
        .collect();
}

/// The events of one order.
#[derive(Debug, Default)]
struct Publications<'a> {
    /// By audit queue: each further run has its own, and an event comes to all that there are by then.
    by_queue: HashMap<&'a str, u64>,
    /// Of their bodies; a repeated event is the same to the byte.
    digests: BTreeSet<&'a str>,
}

impl<'a> Publications<'a> {
    fn add(&mut self, event: &'a Event) {
        *self.by_queue.entry(&event.queue).or_default() += 1;
        self.digests.insert(&event.digest);
    }

    /// The first queue has seen all of them.
    fn repetitions(&self) -> u64 {
        self.by_queue.values().max().map_or(0, |count| count - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{self, acceptance, fingerprint, id, key};
    use super::*;
    use crate::journal::Poison;
    use dead_letters::QueueName;

    /// Three orders and a poison message, everything as it should be.
    fn sound() -> (Journal, Evidence) {
        let mut journal = Journal::default();
        let mut evidence = Evidence::default();
        for number in 0..3 {
            let fingerprint = fingerprint(number);
            evidence.rows.push(Row {
                order_id: id(number).to_string(),
                note: Some(key(number)),
                stored_fingerprint: Some(fingerprint.to_string()),
                content: Ok(fingerprint.clone()),
                notification_id: Some(format!("n-{number}")),
            });
            evidence.events.push(Event {
                queue: "audit".to_owned(),
                message_id: format!("m-{number}"),
                order_id: Some(id(number).to_string()),
                fingerprint: Some(fingerprint.to_string()),
                digest: format!("d-{number}"),
            });
            emails(&mut evidence).push(Email {
                to: "a@example.com".to_owned(),
                notification_id: format!("n-{number}"),
                covers: 1,
                listed: BTreeSet::from([id(number)]),
            });
            journal.accepted.insert(id(number), acceptance(number));
        }
        journal.poison.insert("poison".to_owned(), Poison::Malformed);
        evidence.letters.push(samples::poison());
        (journal, evidence)
    }

    fn emails(evidence: &mut Evidence) -> &mut Vec<Email> {
        &mut evidence.mail.get_or_insert_default().emails
    }

    fn nothing() -> Findings {
        Findings {
            unnotified: Some(BTreeSet::new()),
            stray_emails: Some(0),
            told_again: Some(0),
            ..Findings::default()
        }
    }

    /// What is found after a change of the sound system.
    fn after(change: impl FnOnce(&mut Evidence)) -> Findings {
        let (journal, mut evidence) = sound();
        change(&mut evidence);
        compare(&journal, &evidence)
    }

    fn of(numbers: &[u32]) -> BTreeSet<String> {
        numbers.iter().map(|number| id(*number).to_string()).collect()
    }

    #[test]
    fn nothing_is_found_where_nothing_is_wrong() {
        assert_eq!(after(|_| {}), nothing());
    }

    #[test]
    fn an_order_without_row_and_letter_is_lost() {
        let findings = after(|evidence| drop(evidence.rows.remove(1)));
        assert_eq!(findings.lost, of(&[1]));
        let kept = after(|evidence| {
            evidence.rows.remove(1);
            let message = samples::message(1, 1);
            evidence.letters.push(samples::letter(QueueName::Orders, message));
        });
        assert_eq!((kept.lost, kept.letters.orders), (BTreeSet::new(), of(&[1])));
    }

    #[test]
    fn a_poison_letter_about_an_order_does_not_stand_for_the_order() {
        let findings = after(|evidence| {
            evidence.rows.remove(1);
            evidence.letters[0].order_id = Some(id(1).to_string());
        });
        assert_eq!(findings.lost, of(&[1]));
    }

    /// Neither another order's message nor the event, which makes no row, brings the order back.
    #[test]
    fn a_letter_that_could_not_become_the_row_does_not_stand_for_it() {
        for (queue, body, is_differing) in [
            (QueueName::Orders, samples::message(1, 2), true),
            (QueueName::Orders, format!(r#"{{"order_id":"{}"}}"#, id(1)), true),
            (QueueName::Notifications, samples::event(1, 1), false),
        ] {
            let findings = after(|evidence| {
                evidence.rows.remove(1);
                evidence.letters.push(samples::letter(queue, body.clone()));
            });
            assert_eq!(findings.lost, of(&[1]), "{body}");
            assert_eq!(findings.differing.len(), usize::from(is_differing), "{body}");
        }
    }

    #[test]
    fn a_second_row_of_one_request_is_a_double() {
        let findings = after(|evidence| {
            let mut row = evidence.rows[2].clone();
            row.order_id = id(99).to_string();
            evidence.rows.push(row);
        });
        assert_eq!(findings.doubled, BTreeSet::from(["k-2".to_owned()]));
    }

    #[test]
    fn rows_and_events_that_say_something_else_differ() {
        let other = || fingerprint(9);
        for (change, what) in [
            (
                Box::new(|evidence: &mut Evidence| evidence.rows[0].content = Ok(other()))
                    as Box<dyn Fn(&mut Evidence)>,
                "its row says something else",
            ),
            (
                Box::new(|evidence: &mut Evidence| evidence.rows[0].content = Err("x".to_owned())),
                "its row is no order: x",
            ),
            (
                Box::new(|evidence: &mut Evidence| {
                    evidence.rows[0].stored_fingerprint = Some(other().to_string());
                }),
                "its row carries another fingerprint",
            ),
            (
                Box::new(|evidence: &mut Evidence| {
                    evidence.events[0].fingerprint = Some(other().to_string());
                }),
                "its event says something else",
            ),
        ] {
            let findings = after(change);
            assert_eq!(
                findings.differing,
                BTreeMap::from([(id(0).to_string(), what.to_owned())])
            );
        }
    }

    #[test]
    fn a_row_without_event_or_email_is_found() {
        assert_eq!(
            after(|evidence| drop(evidence.events.remove(0))).unpublished,
            of(&[0])
        );
        let unnotified = after(|evidence| drop(emails(evidence).remove(0))).unnotified;
        assert_eq!(unnotified, Some(of(&[0])));
    }

    #[test]
    fn an_order_whose_letter_waits_is_not_asked_for_further_on() {
        let findings = after(|evidence| {
            emails(evidence).remove(0);
            let event = samples::event(0, 0);
            evidence
                .letters
                .push(samples::letter(QueueName::Notifications, event));
        });
        assert_eq!(
            (findings.unnotified, findings.letters.notifications),
            (Some(BTreeSet::new()), of(&[0]))
        );
    }

    #[test]
    fn poison_that_is_no_letter_and_letters_that_are_no_poison_are_found() {
        let findings = after(|evidence| evidence.letters[0].body = "something else".to_owned());
        let poison = BTreeSet::from(["poison".to_owned()]);
        assert_eq!(findings.letters.unburied, poison);
        assert_eq!(findings.letters.stray, poison);
    }

    #[test]
    fn second_events_and_emails_are_counted() {
        let findings = after(|evidence| {
            let mut again = evidence.events[0].clone();
            again.message_id = "m-9".to_owned();
            evidence.events.push(again);
            let mail = emails(evidence);
            mail.push(mail[0].clone());
        });
        assert_eq!((findings.republished, findings.told_again), (1, Some(1)));
    }

    /// A second run's queue gets what the first one's gets.
    #[test]
    fn an_event_that_came_to_two_queues_was_published_once() {
        let findings = after(|evidence| {
            let mut copy = evidence.events[0].clone();
            copy.message_id = "m-9".to_owned();
            copy.queue = "another audit".to_owned();
            evidence.events.push(copy);
        });
        assert_eq!(findings, nothing());
    }

    #[test]
    fn events_of_one_order_must_be_identical() {
        let findings = after(|evidence| {
            let mut again = evidence.events[0].clone();
            again.message_id = "m-9".to_owned();
            again.digest = "another time".to_owned();
            evidence.events.push(again);
        });
        let what = "its events are not identical".to_owned();
        assert_eq!(findings.differing, BTreeMap::from([(id(0).to_string(), what)]));
    }

    #[test]
    fn what_no_accepted_order_explains_is_found() {
        let rows = after(|evidence| {
            evidence.rows.push(Row {
                order_id: "made by a mark".to_owned(),
                note: None,
                stored_fingerprint: None,
                content: Err("bare".to_owned()),
                notification_id: Some("n-0".to_owned()),
            });
        });
        assert_eq!(rows.stray_rows, BTreeSet::from(["made by a mark".to_owned()]));
        for order_id in [None, Some(id(99).to_string())] {
            let events = after(|evidence| evidence.events[0].order_id.clone_from(&order_id));
            assert_eq!(events.stray_events, BTreeSet::from(["m-0".to_owned()]));
        }
        let named = after(|evidence| {
            emails(evidence)[0].listed.insert(id(99));
        });
        assert_eq!(named.stray_emails, Some(1));
        let unreadable = after(|evidence| evidence.mail.get_or_insert_default().unreadable = 2);
        assert_eq!(unreadable.stray_emails, Some(2));
    }

    /// Its letter waits, and its event and its email are there already: nothing may precede the row.
    #[test]
    fn what_was_told_of_an_order_that_is_not_stored_is_found() {
        let findings = after(|evidence| {
            evidence.rows.remove(1);
            let message = samples::message(1, 1);
            evidence.letters.push(samples::letter(QueueName::Orders, message));
        });
        assert_eq!(findings.stray_events, BTreeSet::from(["m-1".to_owned()]));
        assert_eq!(findings.stray_emails, Some(1));
    }

    #[test]
    fn without_a_mailbox_nothing_is_claimed_about_mail() {
        let findings = after(|evidence| evidence.mail = None);
        assert_eq!((findings.unnotified, findings.told_again), (None, None));
    }
}
