//! Comparing the journal with the evidence.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::coverage::{Coverage, find_coverage};
use super::evidence::Evidence;
use super::findings::Findings;
use super::letters::ClassifiedLetters;
use super::mail::Email;
use super::rows::Row;
use crate::event_audit::Event;
use crate::journal::Journal;

/// Compares the journal with the evidence.
pub(super) fn compare(journal: &Journal, evidence: &Evidence) -> Findings {
    let letters = ClassifiedLetters::classify(journal, &evidence.letters);
    let mut findings = Findings {
        doubled: journal.keys_with_two_ids.clone(),
        ..Findings::default()
    };
    for id in &letters.differing {
        findings
            .differing
            .insert(id.clone(), "its dead letter has other content".to_owned());
    }
    let stored = compare_rows(journal, evidence, &letters.orders, &mut findings);
    // An order in a dead letter is not lost, but has no event or email yet: neither is expected.
    let to_publish: BTreeSet<String> = stored.difference(&letters.orders).cloned().collect();
    compare_events(journal, evidence, &stored, &to_publish, &mut findings);
    if let Some(mail) = &evidence.mail {
        let to_notify = to_publish.difference(&letters.notifications).cloned().collect();
        let Coverage {
            unnotified,
            notified_again,
        } = find_coverage(&mail.emails, &evidence.rows, &to_notify);
        findings.unnotified = Some(unnotified);
        findings.notified_again = Some(notified_again);
        let is_known = |id: &String| stored.contains(id) || findings.is_gone(id);
        let is_stray = |email: &&Email| email.listed.iter().any(|id| !is_known(&id.to_string()));
        findings.stray_emails = Some(mail.unreadable + mail.emails.iter().filter(is_stray).count());
    }
    findings.letters = letters;
    findings
}

/// Compares the rows, and returns the accepted orders that have one. `letters` are the orders that a dead letter holds.
fn compare_rows(
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
        if evidence.erased.contains(&id) {
            findings.erased.insert(id);
            continue;
        }
        ids_by_key.insert(&acceptance.key, id.clone());
        let Some(row) = by_id.get(id.as_str()) else {
            if letters.contains(&id) {
                continue;
            }
            if evidence.outlived.contains(&id) {
                findings.expired.insert(id);
            } else {
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
                    .insert(id.clone(), "its row has other content".to_owned());
            }
            Ok(_) if row.stored_fingerprint.as_ref() != Some(&expected) => {
                findings
                    .differing
                    .insert(id.clone(), "its row carries another fingerprint".to_owned());
            }
            Ok(_) => {}
        }
        if row.is_cancelled {
            findings.cancelled.insert(id.clone());
        }
        stored.insert(id);
    }
    for row in &evidence.rows {
        if !stored.contains(&row.order_id) {
            findings.stray_rows.insert(row.order_id.clone());
        }
        // The note of an order is its idempotency key: a second row of one request has the same note and another id.
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

/// Compares the events. `stored` are the accepted orders that have a row, `to_publish` those that must have an event.
fn compare_events(
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
    let is_gone = |event: &&Event| event.order_id.as_ref().is_some_and(|id| findings.is_gone(id));
    let events: Vec<&Event> = evidence.events.iter().filter(|event| !is_gone(event)).collect();
    for event in events {
        let Some(id) = event.order_id.as_ref().filter(|id| stored.contains(*id)) else {
            findings.stray_events.insert(event.message_id.clone());
            continue;
        };
        if event.fingerprint.as_ref() != expected.get(id) {
            findings
                .differing
                .insert(id.clone(), "its event has other content".to_owned());
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
    /// The number of events in each audit queue. Each run has a queue, and an event arrives in all queues that exist then.
    by_queue: HashMap<&'a str, u64>,
    /// The digests of their bodies. A repeated event must be the same, byte for byte.
    digests: BTreeSet<&'a str>,
}

impl<'a> Publications<'a> {
    fn add(&mut self, event: &'a Event) {
        *self.by_queue.entry(&event.queue).or_default() += 1;
        self.digests.insert(&event.digest);
    }

    /// The number of events after the first. The queue with the most events has received all of them.
    fn repetitions(&self) -> u64 {
        self.by_queue.values().max().map_or(0, |count| count - 1)
    }
}

#[cfg(test)]
mod tests {
    use dead_letters::QueueName;
    use order_core::EventType;

    use super::super::samples::{self, acceptance, fingerprint, id, key};
    use super::*;
    use crate::journal::Poison;

    /// Three orders and a poison message, all processed as promised.
    fn correct() -> (Journal, Evidence) {
        let mut journal = Journal::default();
        let mut evidence = Evidence::default();
        for number in 0..3 {
            let fingerprint = fingerprint(number);
            evidence.rows.push(Row {
                order_id: id(number).to_string(),
                note: Some(key(number)),
                stored_fingerprint: Some(fingerprint.to_string()),
                content: Ok(fingerprint),
                notification_id: Some(format!("n-{number}")),
                is_cancelled: false,
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
                about: EventType::Confirmed,
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

    fn no_findings() -> Findings {
        Findings {
            unnotified: Some(BTreeSet::new()),
            stray_emails: Some(0),
            notified_again: Some(0),
            ..Findings::default()
        }
    }

    /// The findings after a change of the correct evidence.
    fn findings_after(change: impl FnOnce(&mut Evidence)) -> Findings {
        let (journal, mut evidence) = correct();
        change(&mut evidence);
        compare(&journal, &evidence)
    }

    fn of(numbers: &[u32]) -> BTreeSet<String> {
        numbers.iter().map(|number| id(*number).to_string()).collect()
    }

    #[test]
    fn correct_evidence_has_no_findings() {
        assert_eq!(findings_after(|_| {}), no_findings());
    }

    #[test]
    fn an_order_without_row_and_letter_is_lost() {
        let findings = findings_after(|evidence| drop(evidence.rows.remove(1)));
        assert_eq!(findings.lost, of(&[1]));
        let kept = findings_after(|evidence| {
            evidence.rows.remove(1);
            let message = samples::message(1, 1);
            evidence.letters.push(samples::letter(QueueName::Orders, message));
        });
        assert_eq!((kept.lost, kept.letters.orders), (BTreeSet::new(), of(&[1])));
    }

    #[test]
    fn an_erased_order_is_neither_lost_nor_are_its_event_and_email_strays() {
        let erase = |evidence: &mut Evidence| {
            let row = evidence.rows.remove(0);
            evidence.erased.insert(row.order_id);
        };
        let expected = Findings {
            erased: of(&[0]),
            ..no_findings()
        };
        assert_eq!(findings_after(erase), expected);
    }

    #[test]
    fn an_order_that_is_older_than_rows_are_kept_is_not_lost_and_still_compared_if_it_is_there() {
        let outlive = |evidence: &mut Evidence| {
            evidence.outlived = of(&[0, 1]);
            evidence.rows.remove(0);
        };
        let expected = Findings {
            expired: of(&[0]),
            ..no_findings()
        };
        assert_eq!(findings_after(outlive), expected);
    }

    #[test]
    fn a_cancelled_order_is_counted_and_needs_no_email_that_it_is_confirmed() {
        let cancel = |evidence: &mut Evidence| {
            evidence.rows[0].is_cancelled = true;
            emails(evidence)[0].about = EventType::Cancelled;
        };
        let expected = Findings {
            cancelled: of(&[0]),
            ..no_findings()
        };
        assert_eq!(findings_after(cancel), expected);
    }

    #[test]
    fn a_poison_letter_that_names_an_order_does_not_keep_it() {
        let findings = findings_after(|evidence| {
            evidence.rows.remove(1);
            evidence.letters[0].order_id = Some(id(1).to_string());
        });
        assert_eq!(findings.lost, of(&[1]));
    }

    /// A replay of these letters would not store the order.
    #[test]
    fn a_letter_that_cannot_become_the_row_does_not_keep_the_order() {
        for (queue, body, is_differing) in [
            (QueueName::Orders, samples::message(1, 2), true),
            (QueueName::Orders, format!(r#"{{"order_id":"{}"}}"#, id(1)), true),
            (QueueName::Notifications, samples::event(1, 1), false),
        ] {
            let findings = findings_after(|evidence| {
                evidence.rows.remove(1);
                evidence.letters.push(samples::letter(queue, body.clone()));
            });
            assert_eq!(findings.lost, of(&[1]), "{body}");
            assert_eq!(findings.differing.len(), usize::from(is_differing), "{body}");
        }
    }

    #[test]
    fn a_second_row_of_one_request_is_doubled() {
        let findings = findings_after(|evidence| {
            let mut row = evidence.rows[2].clone();
            row.order_id = id(99).to_string();
            evidence.rows.push(row);
        });
        assert_eq!(findings.doubled, BTreeSet::from(["k-2".to_owned()]));
    }

    #[test]
    fn rows_and_events_with_other_content_differ() {
        let other = || fingerprint(9);
        for (change, what) in [
            (
                Box::new(|evidence: &mut Evidence| evidence.rows[0].content = Ok(other()))
                    as Box<dyn Fn(&mut Evidence)>,
                "its row has other content",
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
                "its event has other content",
            ),
        ] {
            let findings = findings_after(change);
            assert_eq!(
                findings.differing,
                BTreeMap::from([(id(0).to_string(), what.to_owned())])
            );
        }
    }

    #[test]
    fn a_row_without_event_or_email_is_found() {
        assert_eq!(
            findings_after(|evidence| drop(evidence.events.remove(0))).unpublished,
            of(&[0])
        );
        let unnotified = findings_after(|evidence| drop(emails(evidence).remove(0))).unnotified;
        assert_eq!(unnotified, Some(of(&[0])));
    }

    #[test]
    fn an_order_in_a_dead_letter_needs_no_email() {
        let findings = findings_after(|evidence| {
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
    fn poison_without_a_letter_and_letters_without_poison_are_found() {
        let findings = findings_after(|evidence| evidence.letters[0].body = "something else".to_owned());
        let poison = BTreeSet::from(["poison".to_owned()]);
        assert_eq!(findings.letters.not_dead_lettered, poison);
        assert_eq!(findings.letters.stray, poison);
    }

    #[test]
    fn second_events_and_emails_are_counted() {
        let findings = findings_after(|evidence| {
            let mut again = evidence.events[0].clone();
            again.message_id = "m-9".to_owned();
            evidence.events.push(again);
            let mail = emails(evidence);
            mail.push(mail[0].clone());
        });
        assert_eq!((findings.republished, findings.notified_again), (1, Some(1)));
    }

    /// The queue of a second run receives the same events as the queue of the first.
    #[test]
    fn an_event_in_two_queues_was_published_once() {
        let findings = findings_after(|evidence| {
            let mut copy = evidence.events[0].clone();
            copy.message_id = "m-9".to_owned();
            copy.queue = "another audit".to_owned();
            evidence.events.push(copy);
        });
        assert_eq!(findings, no_findings());
    }

    #[test]
    fn events_of_one_order_must_be_identical() {
        let findings = findings_after(|evidence| {
            let mut again = evidence.events[0].clone();
            again.message_id = "m-9".to_owned();
            again.digest = "another time".to_owned();
            evidence.events.push(again);
        });
        let what = "its events are not identical".to_owned();
        assert_eq!(findings.differing, BTreeMap::from([(id(0).to_string(), what)]));
    }

    #[test]
    fn rows_events_and_emails_without_an_accepted_order_are_found() {
        let rows = findings_after(|evidence| {
            evidence.rows.push(Row {
                order_id: "made by a mark".to_owned(),
                note: None,
                stored_fingerprint: None,
                content: Err("bare".to_owned()),
                notification_id: Some("n-0".to_owned()),
                is_cancelled: false,
            });
        });
        assert_eq!(rows.stray_rows, BTreeSet::from(["made by a mark".to_owned()]));
        for order_id in [None, Some(id(99).to_string())] {
            let events = findings_after(|evidence| evidence.events[0].order_id.clone_from(&order_id));
            assert_eq!(events.stray_events, BTreeSet::from(["m-0".to_owned()]));
        }
        let named = findings_after(|evidence| {
            emails(evidence)[0].listed.insert(id(99));
        });
        assert_eq!(named.stray_emails, Some(1));
        let unreadable = findings_after(|evidence| evidence.mail.get_or_insert_default().unreadable = 2);
        assert_eq!(unreadable.stray_emails, Some(2));
    }

    /// An event or email of an order that is still in a dead letter was sent before the row was stored.
    #[test]
    fn events_and_emails_of_an_order_that_is_not_stored_are_found() {
        let findings = findings_after(|evidence| {
            evidence.rows.remove(1);
            let message = samples::message(1, 1);
            evidence.letters.push(samples::letter(QueueName::Orders, message));
        });
        assert_eq!(findings.stray_events, BTreeSet::from(["m-1".to_owned()]));
        assert_eq!(findings.stray_emails, Some(1));
    }

    #[test]
    fn without_a_mailbox_nothing_is_claimed_about_mail() {
        let findings = findings_after(|evidence| evidence.mail = None);
        assert_eq!((findings.unnotified, findings.notified_again), (None, None));
    }
}
