//! Selecting letters by their ids, by filters, or all of them.

use std::cell::RefCell;
use std::collections::BTreeSet;

use order_core::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use terminal::exit::UsageError;
use terminal::text::sanitize_line;
use time::OffsetDateTime;

use crate::dead_letter::DeadLetter;
use crate::filter::Filter;

/// Which letters a command changes. Ids, filters or `--all` are required, so that nobody changes all letters by mistake.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Which letters")]
pub(super) struct SelectionArguments {
    /// Message ids or order ids, as `dlq list` shows them
    #[arg(value_name = "ID", conflicts_with = "all")]
    pub(super) ids: Vec<String>,
    /// All letters; with filters, all letters that pass them
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) filter: Filter,
}

/// A selection that also records which ids have not been found yet.
#[derive(Debug)]
pub(super) struct Selection<'a> {
    arguments: &'a SelectionArguments,
    missing: RefCell<BTreeSet<&'a str>>,
    started_at: Timestamp,
}

impl SelectionArguments {
    /// Refuses a selection of nothing in particular.
    pub(super) fn check(&self) -> Result<(), UsageError> {
        if self.ids.is_empty() && !self.all && !self.filter.is_given() {
            return Err(UsageError(
                "say which letters: their ids as `dlq list` shows them, --reason, --older-than or --contains, or --all \
                 for every letter"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Whether it selects every letter.
    pub(super) fn is_everything(&self) -> bool {
        self.all && !self.filter.is_given()
    }

    /// The selection as an audit line records it.
    pub(super) fn record(&self) -> impl Serialize + use<> {
        let filter = serde_json::to_value(self.filter.record()).unwrap_or(Value::Null);
        json!({ "ids": self.ids, "all": self.all, "filter": filter })
    }
}

impl<'a> Selection<'a> {
    pub(super) fn new(arguments: &'a SelectionArguments) -> Self {
        Self {
            arguments,
            missing: RefCell::new(arguments.ids.iter().map(String::as_str).collect()),
            started_at: Timestamp::new(OffsetDateTime::now_utc()),
        }
    }

    /// Whether a letter is selected. A letter that was sent after the command began is not: a message that fails again
    /// at once would be replayed for ever.
    pub(super) fn includes(&self, letter: &DeadLetter) -> bool {
        if self.is_newer(letter) {
            return false;
        }
        let ids = &self.arguments.ids;
        if !ids.is_empty() && !ids.iter().any(|id| letter.has_id(id)) {
            return false;
        }
        if !self.arguments.filter.passes(letter, self.started_at) {
            return false;
        }
        self.missing.borrow_mut().retain(|id| !letter.has_id(id));
        true
    }

    /// Whether a letter was sent after the command began.
    pub(super) fn is_newer(&self, letter: &DeadLetter) -> bool {
        letter
            .sent_at
            .is_some_and(|at| at > self.started_at.unix_milliseconds())
    }

    /// Whether a letter was found for every id.
    pub(super) fn all_found(&self) -> bool {
        self.missing.borrow().is_empty()
    }

    /// Prints the ids without a letter, and returns their number.
    pub(super) fn report_missing(&self) -> u64 {
        let missing = self.missing.borrow();
        for id in missing.iter() {
            eprintln!("no dead letter has the id {}", sanitize_line(id));
        }
        missing.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::dead_letter::tests::dead_letter;

    #[derive(Debug, Parser)]
    struct TestCommand {
        #[command(flatten)]
        selection: SelectionArguments,
    }

    fn arguments(line: &str) -> Result<SelectionArguments, clap::Error> {
        TestCommand::try_parse_from(std::iter::once("x").chain(line.split_whitespace()))
            .map(|command| command.selection)
    }

    #[test]
    fn ids_filters_or_all_are_required() {
        assert!(arguments("").unwrap().check().is_err());
        let error = arguments("--queue orders").unwrap().check().unwrap_err();
        assert!(error.to_string().contains("--all"), "{error}");
        for line in ["m-1", "--all", "--reason conflict", "--older-than 1h"] {
            assert!(arguments(line).unwrap().check().is_ok(), "{line}");
        }
        assert!(arguments("--all m-1").is_err());
        assert!(arguments("--all").unwrap().is_everything());
        assert!(arguments("--all --queue orders").unwrap().is_everything());
        assert!(!arguments("--all --reason conflict").unwrap().is_everything());
        assert!(!arguments("--reason conflict").unwrap().is_everything());
    }

    #[test]
    fn a_letter_must_match_the_ids_and_the_filters() {
        let arguments = arguments("m-1 m-2 --reason conflict").unwrap();
        let selection = Selection::new(&arguments);
        let other = |reason: &str, id: &str| DeadLetter {
            reason: reason.to_owned(),
            message_id: id.to_owned(),
            ..dead_letter()
        };
        assert!(!selection.includes(&other("malformed", "m-1")));
        assert!(!selection.includes(&other("conflict", "m-3")));
        assert!(selection.includes(&other("conflict", "m-1")));
        assert!(selection.includes(&other("conflict", "M-1")));
        assert_eq!(selection.report_missing(), 1);
    }

    #[test]
    fn a_letter_that_arrives_later_is_not_selected() {
        let arguments = arguments("--all").unwrap();
        let selection = Selection::new(&arguments);
        let sent = |offset: i64| DeadLetter {
            sent_at: Some(selection.started_at.unix_milliseconds() + offset),
            ..dead_letter()
        };
        assert!(selection.includes(&sent(-1)));
        assert!(!selection.includes(&sent(1)));
    }
}
