//! The outcome of an erasure, and what remains.

use serde::Serialize;

use crate::found::Found;

/// The counts of what was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Erased {
    /// New tombstones. An order that was erased before has one already.
    pub(crate) orders: u64,
    /// Claims and marks.
    pub(crate) claims: u64,
    /// Dead letters.
    pub(crate) dead_letters: u64,
    /// Emails in the mailbox of this machine; `None` on AWS.
    pub(crate) emails: Option<u64>,
    /// Dead letters that SQS did not delete.
    pub(crate) not_deleted: u64,
    /// Dead-letter queues that were not read to their end.
    pub(crate) unread_queues: u64,
    /// Dead letters that stay, because they are emails which cover other orders too.
    pub(crate) shared_letters: u64,
}

impl Erased {
    /// Whether everything that was found is erased.
    pub(crate) fn is_complete(&self) -> bool {
        self.not_deleted == 0 && self.unread_queues == 0 && self.shared_letters == 0
    }
}

/// The outcome. `--json` prints its JSON form.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    found: &'a Found,
    /// `None` after a dry run.
    erased: Option<&'a Erased>,
}

/// The data that no command can erase.
const REMAINS: &str = "Not erased: backups of the table (point-in-time recovery goes back 35 days), emails that AWS has sent, events that
other subscribers have got, files of export, dlq export and dlq purge, and the audit line. Logs hold no personal data.";

impl<'a> Report<'a> {
    pub(crate) fn new(found: &'a Found, erased: Option<&'a Erased>) -> Self {
        Self { found, erased }
    }

    /// The outcome as text.
    pub(crate) fn format(&self) -> String {
        let mut lines = vec![format!("found: {}", self.found.describe())];
        match self.erased {
            None => lines.push("dry run: nothing was erased".to_owned()),
            Some(erased) => {
                let mut line = format!(
                    "erased: orders {}, claims and marks {}, dead letters {}",
                    erased.orders, erased.claims, erased.dead_letters
                );
                if let Some(emails) = erased.emails {
                    line = format!("{line}, emails in the mailbox {emails}");
                }
                lines.push(line);
                if erased.not_deleted + erased.unread_queues > 0 {
                    lines.push(format!(
                        "NOT COMPLETE: dead letters not deleted {}, queues not read to their end {}; the same command goes on",
                        erased.not_deleted, erased.unread_queues
                    ));
                }
                if erased.shared_letters > 0 {
                    lines.push(format!(
                        "NOT COMPLETE: undelivered emails that cover other orders too {}; replay them by dlq replay --queue emails, and run this again",
                        erased.shared_letters
                    ));
                }
            }
        }
        if self.found.waiting_messages > 0 {
            lines.push(format!(
                "messages that wait in the queues: {}. Those of the orders above are dropped when their turn comes. An order that is \
                 not stored yet is found by the same command when the queues are empty.",
                self.found.waiting_messages
            ));
        }
        lines.push(REMAINS.to_owned());
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn found() -> Found {
        let id = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b".parse().unwrap();
        Found {
            orders: BTreeSet::from([id]),
            rows: 1,
            claims: 2,
            dead_letters: 1,
            shared_letters: 0,
            emails: Some(1),
            waiting_messages: 0,
        }
    }

    #[test]
    fn a_dry_run_says_what_is_there() {
        insta::assert_snapshot!(Report::new(&found(), None).format(), @r"
        found: orders 1 (stored 1), claims and marks 2, dead letters 1, emails in the mailbox 1
        dry run: nothing was erased
        Not erased: backups of the table (point-in-time recovery goes back 35 days), emails that AWS has sent, events that
        other subscribers have got, files of export, dlq export and dlq purge, and the audit line. Logs hold no personal data.
        ");
    }

    #[test]
    fn an_erasure_says_what_went_and_what_remains() {
        let erased = Erased {
            orders: 1,
            claims: 2,
            dead_letters: 0,
            emails: Some(1),
            not_deleted: 1,
            unread_queues: 0,
            shared_letters: 1,
        };
        let busy = Found {
            waiting_messages: 3,
            ..found()
        };
        insta::assert_snapshot!(Report::new(&busy, Some(&erased)).format(), @r"
        found: orders 1 (stored 1), claims and marks 2, dead letters 1, emails in the mailbox 1
        erased: orders 1, claims and marks 2, dead letters 0, emails in the mailbox 1
        NOT COMPLETE: dead letters not deleted 1, queues not read to their end 0; the same command goes on
        NOT COMPLETE: undelivered emails that cover other orders too 1; replay them by dlq replay --queue emails, and run this again
        messages that wait in the queues: 3. Those of the orders above are dropped when their turn comes. An order that is not stored yet is found by the same command when the queues are empty.
        Not erased: backups of the table (point-in-time recovery goes back 35 days), emails that AWS has sent, events that
        other subscribers have got, files of export, dlq export and dlq purge, and the audit line. Logs hold no personal data.
        ");
    }

    #[test]
    fn on_aws_nothing_is_said_of_emails() {
        let found = Found {
            emails: None,
            ..found()
        };
        assert!(!found.describe().contains("emails"));
        let json = serde_json::to_value(Report::new(&found, None)).unwrap();
        assert_eq!(
            (&json["found"]["emails"], &json["erased"]),
            (&serde_json::Value::Null, &serde_json::Value::Null)
        );
    }
}
