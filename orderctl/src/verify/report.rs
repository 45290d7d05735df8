//! What is said at the end of a comparison.

use serde::Serialize;

use super::compare::{Evidence, Findings};
use crate::journal::Journal;
use crate::output::{cell, table};

/// Ids of each kind that are shown.
const SHOWN: usize = 10;

/// The outcome; its JSON form is what `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    /// Whether everything that must be zero is zero.
    pub(super) right: bool,
    /// Orders in the journal.
    pub(super) accepted: usize,
    /// Rows in the table, also those of others.
    pub(super) rows: usize,
    /// Events that were audited, also those of others.
    pub(super) events: usize,
    /// Emails in the mailbox, also those of others; none if mail cannot be read.
    pub(super) emails: Option<usize>,
    /// Orders whose row says that they were told of: the system's own word, which decides nothing.
    pub(super) marked: usize,
    /// Messages that are still in the queues; must be zero, or what they carry would look lost.
    pub(super) in_flight: u64,
    /// Must be zero.
    pub(super) lost: usize,
    /// Must be zero.
    pub(super) doubled: usize,
    /// Must be zero.
    pub(super) differing: usize,
    /// Must be zero.
    pub(super) unpublished: usize,
    /// Must be zero; none if mail cannot be read.
    pub(super) unnotified: Option<usize>,
    /// Poison that is no dead letter; must be zero.
    pub(super) unburied_poison: usize,
    /// How often an inbox was told of an order again; none if mail cannot be read.
    pub(super) doubly_notified: Option<u64>,
    /// Events beyond the first of an order.
    pub(super) republished: u64,
    /// Accepted orders that lie in a dead-letter queue.
    pub(super) dead_letters: usize,
    /// Dead letters of others.
    pub(super) stray_letters: usize,
    /// The first few of each kind.
    pub(super) examples: Vec<String>,
}

impl Report {
    /// The report on a comparison.
    pub(super) fn new(journal: &Journal, evidence: &Evidence, findings: &Findings) -> Self {
        let marked = evidence.rows.iter().filter(|row| {
            let id = row.order_id.parse().ok();
            row.notification_id.is_some() && id.is_some_and(|id| journal.accepted.contains_key(&id))
        });
        let mut report = Self {
            right: false,
            accepted: journal.accepted.len(),
            rows: evidence.rows.len(),
            events: evidence.events.len(),
            emails: evidence.mail.as_ref().map(Vec::len),
            marked: marked.count(),
            in_flight: evidence.in_flight,
            lost: findings.lost.len(),
            doubled: findings.doubled.len(),
            differing: findings.differing.len(),
            unpublished: findings.unpublished.len(),
            unnotified: findings.unnotified.as_ref().map(std::collections::BTreeSet::len),
            unburied_poison: findings.unburied.len(),
            doubly_notified: findings.told_again,
            republished: findings.republished,
            dead_letters: findings.dead.len(),
            stray_letters: findings.stray_letters.len(),
            examples: examples(findings),
        };
        report.right = report.is_right();
        report
    }

    /// Whether everything that must be zero is zero.
    pub(super) fn is_right(&self) -> bool {
        let found = [
            self.lost,
            self.doubled,
            self.differing,
            self.unpublished,
            self.unburied_poison,
        ];
        self.in_flight == 0 && self.unnotified.unwrap_or(0) == 0 && found.iter().all(|count| *count == 0)
    }

    /// The report in lines.
    pub(super) fn describe(&self) -> String {
        let row = |name: &str, count: Option<String>, must: &str, meaning: &str| {
            let count = count.unwrap_or_else(|| "?".to_owned());
            [name.to_owned(), count, must.to_owned(), meaning.to_owned()]
        };
        let count = |number: usize| Some(number.to_string());
        let unnotified = match self.unnotified {
            Some(_) => "stored, and no email in the mailbox covers it",
            None => "mail cannot be read here; nothing is claimed",
        };
        let rows = [
            row(
                "in flight",
                Some(self.in_flight.to_string()),
                "0",
                "messages still in the queues; their orders look lost",
            ),
            row(
                "lost",
                count(self.lost),
                "0",
                "accepted, and neither a row nor a dead letter",
            ),
            row(
                "doubled",
                count(self.doubled),
                "0",
                "one request, and more than one order",
            ),
            row(
                "differing",
                count(self.differing),
                "0",
                "row or event with other content than was accepted",
            ),
            row(
                "unpublished",
                count(self.unpublished),
                "0",
                "stored, and no event arrived in the audit queue",
            ),
            row(
                "unnotified",
                self.unnotified.map(|count| count.to_string()),
                "0",
                unnotified,
            ),
            row(
                "unburied poison",
                count(self.unburied_poison),
                "0",
                "sent to fail, and no dead letter",
            ),
            row(
                "doubly notified",
                self.doubly_notified.map(|count| count.to_string()),
                "-",
                "told of again: after a crash, a lost response or a duplicate delivery",
            ),
            row(
                "published again",
                Some(self.republished.to_string()),
                "-",
                "the same event, for the same reasons",
            ),
            row(
                "dead letters",
                count(self.dead_letters),
                "-",
                "accepted orders kept in a dead-letter queue: dlq replay",
            ),
            row(
                "other letters",
                count(self.stray_letters),
                "-",
                "dead letters that are not this journal's",
            ),
        ];
        let emails = self.emails.map_or_else(
            || "no mail to be read".to_owned(),
            |count| format!("{count} emails"),
        );
        let mut lines = vec![
            format!(
                "{} accepted orders; {} rows, {} events, {emails}; {} rows say that they were told of",
                self.accepted, self.rows, self.events, self.marked
            ),
            String::new(),
            table(["", "FOUND", "MUST BE", ""], &rows),
            String::new(),
        ];
        lines.extend(self.examples.iter().map(|example| format!("  {}", cell(example))));
        lines.push(if self.right {
            "all is right".to_owned()
        } else {
            "NOT RIGHT".to_owned()
        });
        lines.join("\n")
    }
}

fn examples(findings: &Findings) -> Vec<String> {
    let none = std::collections::BTreeSet::new();
    let kinds = [
        ("lost", &findings.lost),
        ("doubled", &findings.doubled),
        ("unpublished", &findings.unpublished),
        ("unnotified", findings.unnotified.as_ref().unwrap_or(&none)),
        ("unburied poison", &findings.unburied),
        ("dead letter", &findings.dead),
    ];
    let simple = kinds
        .into_iter()
        .flat_map(|(kind, ids)| ids.iter().take(SHOWN).map(move |id| format!("{kind}: {id}")));
    let differing = findings.differing.iter().take(SHOWN);
    simple
        .chain(differing.map(|(id, what)| format!("differing: {id}, {what}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn findings() -> Findings {
        Findings {
            unnotified: Some(BTreeSet::new()),
            told_again: Some(2),
            ..Findings::default()
        }
    }

    fn report(findings: &Findings, evidence: &Evidence) -> Report {
        Report::new(&Journal::default(), evidence, findings)
    }

    #[test]
    fn it_reads_well() {
        let evidence = Evidence {
            mail: Some(Vec::new()),
            ..Evidence::default()
        };
        let lost = Findings {
            lost: BTreeSet::from(["o-1".to_owned()]),
            ..findings()
        };
        insta::assert_snapshot!(report(&lost, &evidence).describe(), @r"
        0 accepted orders; 0 rows, 0 events, 0 emails; 0 rows say that they were told of

                         FOUND  MUST BE
        in flight        0      0        messages still in the queues; their orders look lost
        lost             1      0        accepted, and neither a row nor a dead letter
        doubled          0      0        one request, and more than one order
        differing        0      0        row or event with other content than was accepted
        unpublished      0      0        stored, and no event arrived in the audit queue
        unnotified       0      0        stored, and no email in the mailbox covers it
        unburied poison  0      0        sent to fail, and no dead letter
        doubly notified  2      -        told of again: after a crash, a lost response or a duplicate delivery
        published again  0      -        the same event, for the same reasons
        dead letters     0      -        accepted orders kept in a dead-letter queue: dlq replay
        other letters    0      -        dead letters that are not this journal's

          lost: o-1
        NOT RIGHT
        ");
    }

    #[test]
    fn where_mail_cannot_be_read_it_says_so() {
        let findings = Findings {
            unnotified: None,
            told_again: None,
            ..findings()
        };
        let text = report(&findings, &Evidence::default()).describe();
        assert!(text.contains("unnotified       ?"), "{text}");
        assert!(
            text.contains("mail cannot be read here; nothing is claimed"),
            "{text}"
        );
    }

    #[test]
    fn whatever_must_be_zero_and_is_not_is_wrong() {
        let sound = Evidence {
            mail: Some(Vec::new()),
            ..Evidence::default()
        };
        assert!(report(&findings(), &sound).right);
        let one = || BTreeSet::from(["x".to_owned()]);
        for wrong in [
            Findings {
                lost: one(),
                ..findings()
            },
            Findings {
                doubled: one(),
                ..findings()
            },
            Findings {
                differing: [("x".to_owned(), "y".to_owned())].into(),
                ..findings()
            },
            Findings {
                unpublished: one(),
                ..findings()
            },
            Findings {
                unnotified: Some(one()),
                ..findings()
            },
            Findings {
                unburied: one(),
                ..findings()
            },
        ] {
            assert!(!report(&wrong, &sound).right, "{wrong:?}");
        }
        assert!(
            !report(
                &findings(),
                &Evidence {
                    in_flight: 1,
                    ..sound.clone()
                }
            )
            .right
        );
        for kept in [
            Findings {
                dead: one(),
                ..findings()
            },
            Findings {
                republished: 1,
                stray_letters: one(),
                ..findings()
            },
        ] {
            assert!(report(&kept, &sound).right, "{kept:?}");
        }
    }
}
