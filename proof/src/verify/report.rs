//! What is said at the end of a comparison.

use std::collections::BTreeSet;

use serde::Serialize;
use terminal::table::format_table;
use terminal::text::sanitize_line;

use super::compare::{Evidence, Findings};
use crate::journal::Journal;

/// Ids of each kind that are shown.
const SHOWN: usize = 10;

/// Whose system it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Others use it too, and dead letters may wait to be replayed.
    Shared,
    /// The journal's alone, and at rest: what the journal does not explain is wrong.
    Exclusive,
}

/// The outcome; its JSON form is what `--json` prints.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    #[serde(skip)]
    scope: Scope,
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
    /// Poison that died of another reason than its own; must be zero.
    pub(super) misjudged_poison: usize,
    /// How often an inbox was told of an order again; none if mail cannot be read.
    pub(super) doubly_notified: Option<u64>,
    /// Events beyond the first of an order.
    pub(super) republished: u64,
    /// Accepted orders that lie in a dead-letter queue.
    pub(super) dead_letters: usize,
    /// Those of them whose letter does not say why.
    pub(super) unexplained_letters: usize,
    /// Dead letters of others.
    pub(super) stray_letters: usize,
    /// Rows of others.
    pub(super) stray_rows: usize,
    /// Events of others, or of no stored order.
    pub(super) stray_events: usize,
    /// Emails of others, or about no stored order; none if mail cannot be read.
    pub(super) stray_emails: Option<usize>,
    /// The first few of each kind.
    pub(super) examples: Vec<String>,
}

/// What a figure has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Must {
    /// Zero, whosever the system is.
    Zero,
    /// Zero in a system that is the journal's alone.
    ZeroIfExclusive,
    /// Anything: it is counted.
    Counted,
}

/// A figure of the report; none if it cannot be known here.
#[derive(Clone, Copy, Debug)]
struct Figure {
    name: &'static str,
    found: Option<u64>,
    must: Must,
    meaning: &'static str,
}

impl Figure {
    fn must_be_zero(&self, scope: Scope) -> bool {
        match self.must {
            Must::Zero => true,
            Must::ZeroIfExclusive => scope == Scope::Exclusive,
            Must::Counted => false,
        }
    }

    /// What cannot be known is wrong only where all must be known.
    fn is_right(&self, scope: Scope) -> bool {
        !self.must_be_zero(scope)
            || match self.found {
                Some(found) => found == 0,
                None => scope == Scope::Shared,
            }
    }

    fn row(&self, scope: Scope) -> [String; 4] {
        let found = self
            .found
            .map_or_else(|| "?".to_owned(), |found| found.to_string());
        let must = if self.must_be_zero(scope) { "0" } else { "-" };
        let meaning = match self.found {
            Some(_) => self.meaning,
            None => "mail cannot be read here; nothing is claimed",
        };
        [self.name.to_owned(), found, must.to_owned(), meaning.to_owned()]
    }
}

impl Report {
    /// The report on a comparison.
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
            doubled: findings.doubled.len(),
            differing: findings.differing.len(),
            unpublished: findings.unpublished.len(),
            unnotified: findings.unnotified.as_ref().map(BTreeSet::len),
            unburied_poison: letters.unburied.len(),
            misjudged_poison: letters.misjudged.len(),
            doubly_notified: findings.told_again,
            republished: findings.republished,
            dead_letters: letters.dead().len(),
            unexplained_letters: letters.unexplained.len(),
            stray_letters: letters.stray.len(),
            stray_rows: findings.stray_rows.len(),
            stray_events: findings.stray_events.len(),
            stray_emails: findings.stray_emails,
            examples: examples(findings),
        };
        report.right = report.is_right();
        report
    }

    /// Whether everything that must be zero is zero.
    pub(super) fn is_right(&self) -> bool {
        self.figures().iter().all(|figure| figure.is_right(self.scope))
    }

    fn figures(&self) -> Vec<Figure> {
        [&self.promises()[..], &self.remarks()[..]].concat()
    }

    /// What must be zero, whosever the system is.
    fn promises(&self) -> [Figure; 8] {
        let figure = |name, found, meaning| Figure {
            name,
            found,
            must: Must::Zero,
            meaning,
        };
        [
            figure(
                "in flight",
                Some(self.in_flight),
                "messages still in the queues; their orders look lost",
            ),
            figure(
                "lost",
                size(self.lost),
                "accepted, and neither a row nor a dead letter that holds it",
            ),
            figure(
                "doubled",
                size(self.doubled),
                "one request, and more than one order",
            ),
            figure(
                "differing",
                size(self.differing),
                "row, event or letter with other content than was accepted, or two events that differ",
            ),
            figure(
                "unpublished",
                size(self.unpublished),
                "stored, and no event arrived in the audit queue",
            ),
            figure(
                "unnotified",
                self.unnotified.and_then(size),
                "stored, and no email in the mailbox covers it",
            ),
            figure(
                "unburied poison",
                size(self.unburied_poison),
                "sent to fail, and no dead letter",
            ),
            figure(
                "misjudged poison",
                size(self.misjudged_poison),
                "a dead letter with another reason than its own",
            ),
        ]
    }

    /// What is explained by what went wrong, or by whom else there is.
    fn remarks(&self) -> [Figure; 8] {
        use Must::{Counted, ZeroIfExclusive};

        let figure = |name, found, must, meaning| Figure {
            name,
            found,
            must,
            meaning,
        };
        [
            figure(
                "doubly notified",
                self.doubly_notified,
                Counted,
                "told of again: after a crash, a lost response or a duplicate delivery",
            ),
            figure(
                "published again",
                Some(self.republished),
                Counted,
                "the same event to the byte, for the same reasons",
            ),
            figure(
                "dead letters",
                size(self.dead_letters),
                ZeroIfExclusive,
                "accepted orders kept in a dead-letter queue: dlq replay",
            ),
            figure(
                "without a reason",
                size(self.unexplained_letters),
                ZeroIfExclusive,
                "those of them that died with the process that had received them",
            ),
            figure(
                "other letters",
                size(self.stray_letters),
                ZeroIfExclusive,
                "dead letters that are not this journal's",
            ),
            figure(
                "other rows",
                size(self.stray_rows),
                ZeroIfExclusive,
                "rows of no accepted order",
            ),
            figure(
                "other events",
                size(self.stray_events),
                ZeroIfExclusive,
                "unreadable, or about no stored order of the journal",
            ),
            figure(
                "other emails",
                self.stray_emails.and_then(size),
                ZeroIfExclusive,
                "unreadable, or about no stored order of the journal",
            ),
        ]
    }

    /// The report in lines.
    pub(super) fn describe(&self) -> String {
        let rows: Vec<_> = self
            .figures()
            .iter()
            .map(|figure| figure.row(self.scope))
            .collect();
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

fn size(size: usize) -> Option<u64> {
    u64::try_from(size).ok()
}

fn examples(findings: &Findings) -> Vec<String> {
    let none = BTreeSet::new();
    let letters = &findings.letters;
    let dead = letters.dead();
    let kinds = [
        ("lost", &findings.lost),
        ("doubled", &findings.doubled),
        ("unpublished", &findings.unpublished),
        ("unnotified", findings.unnotified.as_ref().unwrap_or(&none)),
        ("unburied poison", &letters.unburied),
        ("dead letter", &dead),
        ("other letter", &letters.stray),
        ("other row", &findings.stray_rows),
        ("other event", &findings.stray_events),
    ];
    let simple = kinds
        .into_iter()
        .flat_map(|(kind, ids)| ids.iter().take(SHOWN).map(move |id| format!("{kind}: {id}")));
    let explained = [
        ("differing", &findings.differing),
        ("misjudged poison", &letters.misjudged),
    ];
    let explained = explained.into_iter().flat_map(|(kind, found)| {
        let found = found.iter().take(SHOWN);
        found.map(move |(id, what)| format!("{kind}: {id}, {what}"))
    });
    simple.chain(explained).collect()
}

#[cfg(test)]
mod tests {
    use super::super::letters::Letters;
    use super::super::mail::Mailbox;
    use super::*;

    fn findings() -> Findings {
        Findings {
            unnotified: Some(BTreeSet::new()),
            stray_emails: Some(0),
            told_again: Some(2),
            ..Findings::default()
        }
    }

    fn sound() -> Evidence {
        Evidence {
            mail: Some(Mailbox::default()),
            ..Evidence::default()
        }
    }

    fn report(findings: &Findings, evidence: &Evidence, scope: Scope) -> Report {
        Report::new(&Journal::default(), evidence, findings, scope)
    }

    /// Whether it is right in a system that is shared, and in one that is not.
    fn is_right(findings: &Findings, evidence: &Evidence) -> (bool, bool) {
        let right = |scope| report(findings, evidence, scope).right;
        (right(Scope::Shared), right(Scope::Exclusive))
    }

    fn one() -> BTreeSet<String> {
        BTreeSet::from(["x".to_owned()])
    }

    #[test]
    fn it_reads_well() {
        let lost = Findings {
            lost: BTreeSet::from(["o-1".to_owned()]),
            ..findings()
        };
        insta::assert_snapshot!(report(&lost, &sound(), Scope::Shared).describe(), @r"
        0 accepted orders; 0 rows, 0 events, 0 emails; 0 rows say that they were told of

                          FOUND  MUST BE
        in flight         0      0        messages still in the queues; their orders look lost
        lost              1      0        accepted, and neither a row nor a dead letter that holds it
        doubled           0      0        one request, and more than one order
        differing         0      0        row, event or letter with other content than was accepted, or two events that differ
        unpublished       0      0        stored, and no event arrived in the audit queue
        unnotified        0      0        stored, and no email in the mailbox covers it
        unburied poison   0      0        sent to fail, and no dead letter
        misjudged poison  0      0        a dead letter with another reason than its own
        doubly notified   2      -        told of again: after a crash, a lost response or a duplicate delivery
        published again   0      -        the same event to the byte, for the same reasons
        dead letters      0      -        accepted orders kept in a dead-letter queue: dlq replay
        without a reason  0      -        those of them that died with the process that had received them
        other letters     0      -        dead letters that are not this journal's
        other rows        0      -        rows of no accepted order
        other events      0      -        unreadable, or about no stored order of the journal
        other emails      0      -        unreadable, or about no stored order of the journal

          lost: o-1
        NOT RIGHT
        ");
    }

    #[test]
    fn where_mail_cannot_be_read_it_says_so() {
        let findings = Findings {
            unnotified: None,
            told_again: None,
            stray_emails: None,
            ..findings()
        };
        let text = report(&findings, &Evidence::default(), Scope::Shared).describe();
        assert!(text.contains("unnotified        ?"), "{text}");
        assert!(
            text.contains("mail cannot be read here; nothing is claimed"),
            "{text}"
        );
        assert_eq!(is_right(&findings, &Evidence::default()), (true, false));
    }

    #[test]
    fn whatever_must_be_zero_and_is_not_is_wrong() {
        assert_eq!(is_right(&findings(), &sound()), (true, true));
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
            letters(Letters {
                unburied: one(),
                ..Letters::default()
            }),
            letters(Letters {
                misjudged: [("x".to_owned(), "y".to_owned())].into(),
                ..Letters::default()
            }),
        ] {
            assert_eq!(is_right(&wrong, &sound()), (false, false), "{wrong:?}");
        }
        let busy = Evidence {
            in_flight: 1,
            ..sound()
        };
        assert_eq!(is_right(&findings(), &busy), (false, false));
    }

    #[test]
    fn what_others_do_and_what_can_be_replayed_is_wrong_in_a_system_of_the_journals_own() {
        let letters = |letters| Findings {
            letters,
            ..findings()
        };
        for kept in [
            letters(Letters {
                orders: one(),
                ..Letters::default()
            }),
            letters(Letters {
                notifications: one(),
                ..Letters::default()
            }),
            letters(Letters {
                unexplained: one(),
                ..Letters::default()
            }),
            letters(Letters {
                stray: one(),
                ..Letters::default()
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
            assert_eq!(is_right(&kept, &sound()), (true, false), "{kept:?}");
        }
        let again = Findings {
            republished: 1,
            ..findings()
        };
        assert_eq!(is_right(&again, &sound()), (true, true));
    }
}
