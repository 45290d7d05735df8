//! The report of a comparison.

use std::collections::BTreeSet;

use serde::Serialize;
use terminal::table::format_table;
use terminal::text::sanitize_line;

use super::evidence::Evidence;
use super::figure::{Figure, Requirement, Scope};
use super::findings::Findings;
use crate::journal::Journal;

/// The number of ids that are shown for each figure.
const SHOWN: usize = 10;

/// The result of a comparison. `--json` prints its JSON form.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    #[serde(skip)]
    scope: Scope,
    /// Whether every figure meets its requirement.
    pub(super) right: bool,
    /// Orders in the journal.
    pub(super) accepted: usize,
    /// Rows in the table, other ones included.
    pub(super) rows: usize,
    /// Events in the audit queues, other ones included.
    pub(super) events: usize,
    /// Emails in the mailbox, other ones included; `None` if mail cannot be read.
    pub(super) emails: Option<usize>,
    /// Orders whose row is marked as notified. No comparison uses it.
    pub(super) marked: usize,
    /// Messages that are still in the queues. Must be zero, since their orders count as lost.
    pub(super) in_flight: u64,
    /// Must be zero.
    pub(super) lost: usize,
    /// Accepted orders that an operator erased.
    pub(super) erased: usize,
    /// Accepted orders without a row that are older than rows are kept.
    pub(super) expired: usize,
    /// Accepted orders that were cancelled. Events that say so are not compared.
    pub(super) cancelled: usize,
    /// Must be zero.
    pub(super) doubled: usize,
    /// Must be zero.
    pub(super) differing: usize,
    /// Must be zero.
    pub(super) unpublished: usize,
    /// Must be zero; `None` if mail cannot be read.
    pub(super) unnotified: Option<usize>,
    /// Poison that is no dead letter. Must be zero.
    #[serde(rename = "unburied_poison")]
    pub(super) poison_not_dead_lettered: usize,
    /// Poison whose dead letter has another reason than the expected one. Must be zero.
    #[serde(rename = "misjudged_poison")]
    pub(super) poison_with_wrong_reason: usize,
    /// How often an inbox was notified again that an order is confirmed; `None` if mail cannot be read.
    #[serde(rename = "doubly_notified")]
    pub(super) notified_again: Option<u64>,
    /// Events beyond the first of an order.
    pub(super) republished: u64,
    /// Accepted orders in a dead-letter queue.
    pub(super) dead_letters: usize,
    /// Those of them whose dead letter carries no reason.
    pub(super) unexplained_letters: usize,
    /// Dead letters that are not from this journal.
    pub(super) stray_letters: usize,
    /// Rows that are not from this journal.
    pub(super) stray_rows: usize,
    /// Events that are unreadable or not about a stored order of this journal.
    pub(super) stray_events: usize,
    /// Emails that are unreadable or not about a stored order of this journal; `None` if mail cannot be read.
    pub(super) stray_emails: Option<usize>,
    /// The first few ids of each figure.
    pub(super) examples: Vec<String>,
}

impl Report {
    /// Makes the report.
    pub(super) fn new(journal: &Journal, evidence: &Evidence, findings: &Findings, scope: Scope) -> Self {
        let marked = evidence.rows.iter().filter(|row| {
            let id = row.order_id.parse().ok();
            row.notification_id.is_some() && id.is_some_and(|id| journal.accepted.contains_key(&id))
        });
        let letters = &findings.letters;
        let mut report = Self {
            scope,
            right: false,
            accepted: journal.accepted.len(),
            rows: evidence.rows.len(),
            events: evidence.events.len(),
            emails: evidence.mail.as_ref().map(|mail| mail.emails.len()),
            marked: marked.count(),
            in_flight: evidence.in_flight,
            lost: findings.lost.len(),
            erased: findings.erased.len(),
            expired: findings.expired.len(),
            cancelled: findings.cancelled.len(),
            doubled: findings.doubled.len(),
            differing: findings.differing.len(),
            unpublished: findings.unpublished.len(),
            unnotified: findings.unnotified.as_ref().map(BTreeSet::len),
            poison_not_dead_lettered: letters.not_dead_lettered.len(),
            poison_with_wrong_reason: letters.wrong_reason.len(),
            notified_again: findings.notified_again,
            republished: findings.republished,
            dead_letters: letters.all_orders().len(),
            unexplained_letters: letters.unexplained.len(),
            stray_letters: letters.stray.len(),
            stray_rows: findings.stray_rows.len(),
            stray_events: findings.stray_events.len(),
            stray_emails: findings.stray_emails,
            examples: collect_examples(findings),
        };
        report.right = report.is_right();
        report
    }

    /// Whether every figure meets its requirement.
    pub(super) fn is_right(&self) -> bool {
        self.figures().iter().all(|figure| figure.is_met(self.scope))
    }

    fn figures(&self) -> Vec<Figure> {
        [&self.promises()[..], &self.explained_figures()[..]].concat()
    }

    /// The figures that must be zero in every system.
    fn promises(&self) -> [Figure; 8] {
        let figure = |name, found, meaning| Figure {
            name,
            found,
            requirement: Requirement::Zero,
            meaning,
        };
        [
            figure(
                "in flight",
                Some(self.in_flight),
                "messages still in the queues; their orders count as lost",
            ),
            figure(
                "lost",
                count(self.lost),
                "accepted, but in no row and in no dead letter",
            ),
            figure(
                "doubled",
                count(self.doubled),
                "one request, but more than one order",
            ),
            figure(
                "differing",
                count(self.differing),
                "row, event or dead letter with other content than was accepted, or events that differ",
            ),
            figure(
                "unpublished",
                count(self.unpublished),
                "stored, but no event arrived in the audit queue",
            ),
            figure(
                "unnotified",
                self.unnotified.and_then(count),
                "stored, but no email in the mailbox covers it",
            ),
            figure(
                "poison not dead-lettered",
                count(self.poison_not_dead_lettered),
                "sent to fail, but not in the dead-letter queue",
            ),
            figure(
                "poison with wrong reason",
                count(self.poison_with_wrong_reason),
                "in the dead-letter queue with another reason than the expected one",
            ),
        ]
    }

    /// The figures that repeated deliveries, dead letters and other orders explain.
    fn explained_figures(&self) -> [Figure; 11] {
        use Requirement::{Counted, ZeroIfExclusive};

        let figure = |name, found, requirement, meaning| Figure {
            name,
            found,
            requirement,
            meaning,
        };
        [
            figure(
                "erased",
                count(self.erased),
                Counted,
                "accepted orders that an operator erased; nothing is expected of them",
            ),
            figure(
                "expired",
                count(self.expired),
                Counted,
                "without a row, and older than OrderRetentionDays: whether they were stored is not known",
            ),
            figure(
                "cancelled",
                count(self.cancelled),
                Counted,
                "accepted orders that were cancelled: one email of either kind will do; events that say so are not compared",
            ),
            figure(
                "notified again",
                self.notified_again,
                Counted,
                "confirmed by email again after a crash, a lost response or a duplicate delivery",
            ),
            figure(
                "published again",
                Some(self.republished),
                Counted,
                "the same event, byte for byte, for the same reasons",
            ),
            figure(
                "dead letters",
                count(self.dead_letters),
                ZeroIfExclusive,
                "accepted orders in a dead-letter queue; put them back by dlq replay",
            ),
            figure(
                "without a reason",
                count(self.unexplained_letters),
                ZeroIfExclusive,
                "those of them without an error code, since the processes that received them died",
            ),
            figure(
                "other letters",
                count(self.stray_letters),
                ZeroIfExclusive,
                "dead letters that are not from this journal",
            ),
            figure(
                "other rows",
                count(self.stray_rows),
                ZeroIfExclusive,
                "rows that are not from this journal",
            ),
            figure(
                "other events",
                count(self.stray_events),
                ZeroIfExclusive,
                "unreadable, or not about a stored order of this journal",
            ),
            figure(
                "other emails",
                self.stray_emails.and_then(count),
                ZeroIfExclusive,
                "unreadable, or not about a stored order of this journal",
            ),
        ]
    }

    /// The report as text.
    pub(super) fn format(&self) -> String {
        let rows: Vec<_> = self
            .figures()
            .iter()
            .map(|figure| figure.into_row(self.scope))
            .collect();
        let emails = self.emails.map_or_else(
            || "no readable mail".to_owned(),
            |count| format!("{count} emails"),
        );
        let mut lines = vec![
            format!(
                "{} accepted orders; {} rows, {} events, {emails}; {} rows are marked as notified",
                self.accepted, self.rows, self.events, self.marked
            ),
            String::new(),
            format_table(["", "FOUND", "MUST BE", ""], &rows),
            String::new(),
        ];
        lines.extend(
            self.examples
                .iter()
                .map(|example| format!("  {}", sanitize_line(example))),
        );
        lines.push(if self.right {
            "all is right".to_owned()
        } else {
            "NOT RIGHT".to_owned()
        });
        lines.join("\n")
    }
}

fn count(count: usize) -> Option<u64> {
    u64::try_from(count).ok()
}

fn collect_examples(findings: &Findings) -> Vec<String> {
    let none = BTreeSet::new();
    let letters = &findings.letters;
    let in_letters = letters.all_orders();
    let kinds = [
        ("lost", &findings.lost),
        ("doubled", &findings.doubled),
        ("expired", &findings.expired),
        ("unpublished", &findings.unpublished),
        ("unnotified", findings.unnotified.as_ref().unwrap_or(&none)),
        ("poison not dead-lettered", &letters.not_dead_lettered),
        ("dead letter", &in_letters),
        ("other letter", &letters.stray),
        ("other row", &findings.stray_rows),
        ("other event", &findings.stray_events),
    ];
    let simple = kinds
        .into_iter()
        .flat_map(|(kind, ids)| ids.iter().take(SHOWN).map(move |id| format!("{kind}: {id}")));
    let explained = [
        ("differing", &findings.differing),
        ("poison with wrong reason", &letters.wrong_reason),
    ];
    let explained = explained.into_iter().flat_map(|(kind, found)| {
        let found = found.iter().take(SHOWN);
        found.map(move |(id, what)| format!("{kind}: {id}, {what}"))
    });
    simple.chain(explained).collect()
}

#[cfg(test)]
mod tests {
    use super::super::letters::ClassifiedLetters;
    use super::super::mail::Mailbox;
    use super::*;

    fn findings() -> Findings {
        Findings {
            unnotified: Some(BTreeSet::new()),
            stray_emails: Some(0),
            notified_again: Some(2),
            ..Findings::default()
        }
    }

    fn evidence_with_mail() -> Evidence {
        Evidence {
            mail: Some(Mailbox::default()),
            ..Evidence::default()
        }
    }

    fn report(findings: &Findings, evidence: &Evidence, scope: Scope) -> Report {
        Report::new(&Journal::default(), evidence, findings, scope)
    }

    /// Whether the report is right with each scope.
    fn is_right(findings: &Findings, evidence: &Evidence) -> (bool, bool) {
        let right = |scope| report(findings, evidence, scope).right;
        (right(Scope::Shared), right(Scope::Exclusive))
    }

    fn one() -> BTreeSet<String> {
        BTreeSet::from(["x".to_owned()])
    }

    #[test]
    fn people_read_a_table_and_examples() {
        let lost = Findings {
            lost: BTreeSet::from(["o-1".to_owned()]),
            ..findings()
        };
        insta::assert_snapshot!(report(&lost, &evidence_with_mail(), Scope::Shared).format(), @r"
        0 accepted orders; 0 rows, 0 events, 0 emails; 0 rows are marked as notified

                                  FOUND  MUST BE
        in flight                 0      0        messages still in the queues; their orders count as lost
        lost                      1      0        accepted, but in no row and in no dead letter
        doubled                   0      0        one request, but more than one order
        differing                 0      0        row, event or dead letter with other content than was accepted, or events that differ
        unpublished               0      0        stored, but no event arrived in the audit queue
        unnotified                0      0        stored, but no email in the mailbox covers it
        poison not dead-lettered  0      0        sent to fail, but not in the dead-letter queue
        poison with wrong reason  0      0        in the dead-letter queue with another reason than the expected one
        erased                    0      -        accepted orders that an operator erased; nothing is expected of them
        expired                   0      -        without a row, and older than OrderRetentionDays: whether they were stored is not known
        cancelled                 0      -        accepted orders that were cancelled: one email of either kind will do; events that say so are not compared
        notified again            2      -        confirmed by email again after a crash, a lost response or a duplicate delivery
        published again           0      -        the same event, byte for byte, for the same reasons
        dead letters              0      -        accepted orders in a dead-letter queue; put them back by dlq replay
        without a reason          0      -        those of them without an error code, since the processes that received them died
        other letters             0      -        dead letters that are not from this journal
        other rows                0      -        rows that are not from this journal
        other events              0      -        unreadable, or not about a stored order of this journal
        other emails              0      -        unreadable, or not about a stored order of this journal

          lost: o-1
        NOT RIGHT
        ");
    }

    #[test]
    fn programs_read_the_same_names_in_every_version() {
        let json = serde_json::to_value(report(&findings(), &evidence_with_mail(), Scope::Shared)).unwrap();
        let names: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        insta::assert_snapshot!(names.join(" "), @"accepted cancelled dead_letters differing doubled doubly_notified emails erased events examples expired in_flight lost marked misjudged_poison republished right rows stray_emails stray_events stray_letters stray_rows unburied_poison unexplained_letters unnotified unpublished");
    }

    #[test]
    fn unreadable_mail_is_reported() {
        let findings = Findings {
            unnotified: None,
            notified_again: None,
            stray_emails: None,
            ..findings()
        };
        let text = report(&findings, &Evidence::default(), Scope::Shared).format();
        assert!(text.contains("unnotified                ?"), "{text}");
        assert!(
            text.contains("mail cannot be read here, so that this is not known"),
            "{text}"
        );
        assert_eq!(is_right(&findings, &Evidence::default()), (true, false));
    }

    #[test]
    fn a_promise_that_is_not_zero_is_an_error() {
        assert_eq!(is_right(&findings(), &evidence_with_mail()), (true, true));
        let letters = |letters| Findings {
            letters,
            ..findings()
        };
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
            letters(ClassifiedLetters {
                not_dead_lettered: one(),
                ..ClassifiedLetters::default()
            }),
            letters(ClassifiedLetters {
                wrong_reason: [("x".to_owned(), "y".to_owned())].into(),
                ..ClassifiedLetters::default()
            }),
        ] {
            assert_eq!(
                is_right(&wrong, &evidence_with_mail()),
                (false, false),
                "{wrong:?}"
            );
        }
        let busy = Evidence {
            in_flight: 1,
            ..evidence_with_mail()
        };
        assert_eq!(is_right(&findings(), &busy), (false, false));
    }

    #[test]
    fn other_orders_and_dead_letters_are_errors_in_an_exclusive_system() {
        let letters = |letters| Findings {
            letters,
            ..findings()
        };
        for kept in [
            letters(ClassifiedLetters {
                orders: one(),
                ..ClassifiedLetters::default()
            }),
            letters(ClassifiedLetters {
                notifications: one(),
                ..ClassifiedLetters::default()
            }),
            letters(ClassifiedLetters {
                unexplained: one(),
                ..ClassifiedLetters::default()
            }),
            letters(ClassifiedLetters {
                stray: one(),
                ..ClassifiedLetters::default()
            }),
            Findings {
                stray_rows: one(),
                ..findings()
            },
            Findings {
                stray_events: one(),
                ..findings()
            },
            Findings {
                stray_emails: Some(1),
                ..findings()
            },
        ] {
            assert_eq!(is_right(&kept, &evidence_with_mail()), (true, false), "{kept:?}");
        }
        let again = Findings {
            republished: 1,
            ..findings()
        };
        assert_eq!(is_right(&again, &evidence_with_mail()), (true, true));
    }
}
