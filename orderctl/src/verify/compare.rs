//! The comparison itself.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::coverage::{Coverage, cover};
use super::mail::Email;
use super::rows::Row;
use crate::audit::Event;
use crate::dlq::{Letter, QueueName};
use crate::journal::Journal;

/// What was found in the system.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// All rows.
    pub(super) rows: Vec<Row>,
    /// All audited events.
    pub(super) events: Vec<Event>,
    /// All emails; none if mail cannot be read.
    pub(super) mail: Option<Vec<Email>>,
    /// All dead letters.
    pub(super) letters: Vec<Letter>,
    /// Messages that are still in the queues.
    pub(super) in_flight: u64,
}

/// What is not as it was promised. The first seven must be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    /// Accepted, and neither a row nor a dead letter.
    pub(super) lost: BTreeSet<String>,
    /// One request, more than one row or more than one id: the idempotency keys.
    pub(super) doubled: BTreeSet<String>,
    /// Row or event with another content than was accepted: the order's id and what differs.
    pub(super) differing: BTreeMap<String, String>,
    /// A row, and no event that tells of it.
    pub(super) unpublished: BTreeSet<String>,
    /// A row, and no email that covers it; none if mail cannot be read.
    pub(super) unnotified: Option<BTreeSet<String>>,
    /// Poison that is no dead letter.
    pub(super) unburied: BTreeSet<String>,
    /// Dead letters that are neither poison nor about an order of the journal.
    pub(super) stray_letters: BTreeSet<String>,
    /// Accepted orders with a dead letter of their own: kept, and to be replayed.
    pub(super) dead: BTreeSet<String>,
    /// Events beyond the first of an order.
    pub(super) republished: u64,
    /// How often an inbox was told of an order again; none if mail cannot be read.
    pub(super) told_again: Option<u64>,
}

/// Compares the journal with the evidence.
pub(super) fn compare(journal: &Journal, evidence: &Evidence) -> Findings {
    let mut findings = Findings {
        doubled: journal.keys_with_two_ids.clone(),
        ..Findings::default()
    };
    let dead = letters(journal, evidence, &mut findings);
    let stored = rows(journal, evidence, &dead, &mut findings);
    // Whose dead letter still lies there is neither forgotten nor done: it is not asked for further on.
    let wanted: BTreeSet<String> = stored.difference(&dead).cloned().collect();
    events(journal, evidence, &wanted, &mut findings);
    if let Some(mail) = &evidence.mail {
        let Coverage { untold, told_again } = cover(mail, &evidence.rows, &wanted);
        findings.unnotified = Some(untold);
        findings.told_again = Some(told_again);
    }
    findings.dead = dead;
    findings
}

/// Accounts for poison and dead letters; the accepted orders that have a letter of their own.
fn letters(journal: &Journal, evidence: &Evidence, findings: &mut Findings) -> BTreeSet<String> {
    let accepted: BTreeSet<String> = journal.accepted.keys().map(ToString::to_string).collect();
    let mut dead = BTreeSet::new();
    let mut unburied: BTreeSet<&String> = journal.poison.iter().collect();
    for letter in &evidence.letters {
        if journal.poison.contains(&letter.body) && letter.queue == QueueName::Orders {
            unburied.remove(&letter.body);
            continue;
        }
        match letter.order_id.as_ref().filter(|id| accepted.contains(*id)) {
            Some(id) => {
                dead.insert(id.clone());
            }
            None => {
                findings.stray_letters.insert(letter.message_id.clone());
            }
        }
    }
    findings.unburied = unburied.into_iter().cloned().collect();
    dead
}

/// Accounts for rows; the accepted orders that have one.
fn rows(
    journal: &Journal,
    evidence: &Evidence,
    dead: &BTreeSet<String>,
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
            if !dead.contains(&id) {
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

fn events(journal: &Journal, evidence: &Evidence, wanted: &BTreeSet<String>, findings: &mut Findings) {
    let expected: HashMap<String, String> = journal
        .accepted
        .iter()
        .map(|(id, acceptance)| (id.to_string(), acceptance.fingerprint.to_string()))
        .collect();
    let mut published = BTreeSet::new();
    for event in &evidence.events {
        let Some((id, expected)) = event.order_id.as_ref().and_then(|id| expected.get_key_value(id)) else {
            continue;
        };
        if event.fingerprint.as_ref() != Some(expected) {
            findings
                .differing
                .insert(id.clone(), "its event says something else".to_owned());
        }
        if !published.insert(id.clone()) {
            findings.republished += 1;
        }
    }
    findings.unpublished = wanted.difference(&published).cloned().collect();
}

#[cfg(test)]
mod tests {
    use order_core::{Fingerprint, Order, OrderId};
    use serde_json::json;

    use super::*;
    use crate::journal::Acceptance;

    fn fingerprint(note: &str) -> Fingerprint {
        let document = json!({"customer": {"id": "c"}, "currency": "EUR", "note": note,
            "items": [{"sku": "A", "quantity": 1, "unit_price": "1.00"}]});
        Fingerprint::of(&Order::parse(&document).unwrap())
    }

    fn id(number: u32) -> OrderId {
        format!("0199d3a0-5c1e-7b3a-9f57-2c1d{number:08x}")
            .parse()
            .unwrap()
    }

    fn letter(order_id: Option<String>, body: &str) -> Letter {
        Letter {
            message_id: "m".to_owned(),
            order_id,
            queue: QueueName::Orders,
            reason: "conflict".to_owned(),
            detail: None,
            failed_at: None,
            body: body.to_owned(),
            receive_count: 1,
            sent_at: None,
            texts: Vec::new(),
        }
    }

    /// Three orders and a poison message, everything as it should be.
    fn sound() -> (Journal, Evidence) {
        let mut journal = Journal::default();
        let mut evidence = Evidence {
            mail: Some(Vec::new()),
            ..Evidence::default()
        };
        for number in 0..3 {
            let key = format!("k-{number}");
            let fingerprint = fingerprint(&key);
            let accepted_at = "2026-11-23T09:35:00.000Z".parse().unwrap();
            evidence.rows.push(Row {
                order_id: id(number).to_string(),
                note: Some(key.clone()),
                stored_fingerprint: Some(fingerprint.to_string()),
                content: Ok(fingerprint.clone()),
                notification_id: Some(format!("n-{number}")),
            });
            evidence.events.push(Event {
                message_id: format!("m-{number}"),
                order_id: Some(id(number).to_string()),
                fingerprint: Some(fingerprint.to_string()),
            });
            evidence.mail.as_mut().unwrap().push(Email {
                to: "a@example.com".to_owned(),
                notification_id: format!("n-{number}"),
                covers: 1,
                listed: BTreeSet::from([id(number)]),
            });
            journal.accepted.insert(
                id(number),
                Acceptance {
                    key,
                    fingerprint,
                    accepted_at,
                },
            );
        }
        journal.poison.insert("poison".to_owned());
        evidence.letters.push(letter(None, "poison"));
        (journal, evidence)
    }

    fn nothing() -> Findings {
        Findings {
            unnotified: Some(BTreeSet::new()),
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
            evidence.letters.push(letter(Some(id(1).to_string()), "{}"));
        });
        assert_eq!((kept.lost, kept.dead), (BTreeSet::new(), of(&[1])));
    }

    #[test]
    fn a_poison_letter_about_an_order_does_not_stand_for_the_order() {
        let findings = after(|evidence| {
            evidence.rows.remove(1);
            evidence.letters[0].order_id = Some(id(1).to_string());
        });
        assert_eq!(findings.lost, of(&[1]));
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
        let other = || fingerprint("other");
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
        let unnotified = after(|evidence| drop(evidence.mail.as_mut().map(|mail| mail.remove(0)))).unnotified;
        assert_eq!(unnotified, Some(of(&[0])));
    }

    #[test]
    fn an_order_whose_letter_waits_is_not_asked_for_further_on() {
        let findings = after(|evidence| {
            evidence.mail.as_mut().unwrap().remove(0);
            let mut letter = letter(Some(id(0).to_string()), "{}");
            letter.queue = QueueName::Notifications;
            evidence.letters.push(letter);
        });
        assert_eq!(
            (findings.unnotified, findings.dead),
            (Some(BTreeSet::new()), of(&[0]))
        );
    }

    #[test]
    fn poison_that_is_no_letter_and_letters_that_are_no_poison_are_found() {
        let findings = after(|evidence| evidence.letters[0].body = "something else".to_owned());
        assert_eq!(findings.unburied, BTreeSet::from(["poison".to_owned()]));
        assert_eq!(findings.stray_letters, BTreeSet::from(["m".to_owned()]));
    }

    #[test]
    fn second_events_and_emails_are_counted() {
        let findings = after(|evidence| {
            let mut again = evidence.events[0].clone();
            again.message_id = "m-9".to_owned();
            evidence.events.push(again);
            let mail = evidence.mail.as_mut().unwrap();
            mail.push(mail[0].clone());
        });
        assert_eq!((findings.republished, findings.told_again), (1, Some(1)));
    }

    #[test]
    fn without_a_mailbox_nothing_is_claimed_about_mail() {
        let findings = after(|evidence| evidence.mail = None);
        assert_eq!((findings.unnotified, findings.told_again), (None, None));
    }
}
