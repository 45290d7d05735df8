//! Letters by their ids, by filters, or all of them.

use std::cell::RefCell;
use std::collections::BTreeSet;

use order_core::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::dead_letter::Letter;
use crate::filter::Filter;
use terminal::text::sanitize_line;

/// What a change is about. One of the three has to be said: nothing happens to all letters by oversight.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Which letters")]
pub(super) struct SelectionArguments {
    /// Message ids or order ids, as `dlq list` shows them
    #[arg(value_name = "ID", required_unless_present_any = ["all", "reasons", "older_than", "contains"], conflicts_with = "all")]
    pub(super) ids: Vec<String>,
    /// Everything; with filters, everything that passes them
    #[arg(long)]
    pub(super) all: bool,
    #[command(flatten)]
    pub(super) filter: Filter,
}

/// A selection at work: it knows which ids were not found yet.
#[derive(Debug)]
pub(super) struct Selection<'a> {
    arguments: &'a SelectionArguments,
    missing: RefCell<BTreeSet<&'a str>>,
    begun: Timestamp,
}

impl SelectionArguments {
    /// Whether it is every letter there is.
    pub(super) fn is_everything(&self) -> bool {
        self.all && !self.filter.is_given()
    }

    /// The selection for an audit line.
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
            begun: Timestamp::new(OffsetDateTime::now_utc()),
        }
    }

    /// Whether a letter is chosen. One that was sent after the command began is not: what comes back while it runs
    /// would otherwise be replayed for ever.
    pub(super) fn chooses(&self, letter: &Letter) -> bool {
        if self.is_newer(letter) {
            return false;
        }
        let ids = &self.arguments.ids;
        if !ids.is_empty() && !ids.iter().any(|id| letter.is_named(id)) {
            return false;
        }
        if !self.arguments.filter.passes(letter, self.begun) {
            return false;
        }
        self.missing.borrow_mut().retain(|id| !letter.is_named(id));
        true
    }

    /// Whether a letter arrived after the command began.
    pub(super) fn is_newer(&self, letter: &Letter) -> bool {
        letter
            .sent_at
            .is_some_and(|at| at > self.begun.unix_milliseconds())
    }

    /// Whether every id that was named had a letter.
    pub(super) fn all_found(&self) -> bool {
        self.missing.borrow().is_empty()
    }

    /// Says which ids no letter had, and how many.
    pub(super) fn tell_missing(&self) -> u64 {
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
    use crate::dead_letter::tests::letter;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        selection: SelectionArguments,
    }

    fn arguments(line: &str) -> Result<SelectionArguments, clap::Error> {
        Line::try_parse_from(std::iter::once("x").chain(line.split_whitespace())).map(|line| line.selection)
    }

    #[test]
    fn something_has_to_be_chosen() {
        assert!(arguments("").is_err());
        assert!(arguments("--queue orders").is_err());
        assert!(arguments("--all m-1").is_err());
        assert!(arguments("--all").unwrap().is_everything());
        assert!(arguments("--all --queue orders").unwrap().is_everything());
        assert!(!arguments("--all --reason conflict").unwrap().is_everything());
        assert!(!arguments("--reason conflict").unwrap().is_everything());
    }

    #[test]
    fn ids_and_filters_both_have_to_fit() {
        let arguments = arguments("m-1 m-2 --reason conflict").unwrap();
        let selection = Selection::new(&arguments);
        let other = |reason: &str, id: &str| Letter {
            reason: reason.to_owned(),
            message_id: id.to_owned(),
            ..letter()
        };
        assert!(!selection.chooses(&other("malformed", "m-1")));
        assert!(!selection.chooses(&other("conflict", "m-3")));
        assert!(selection.chooses(&other("conflict", "m-1")));
        assert_eq!(selection.tell_missing(), 1);
    }

    #[test]
    fn what_arrives_later_is_left_for_the_next_time() {
        let arguments = arguments("--all").unwrap();
        let selection = Selection::new(&arguments);
        let sent = |offset: i64| Letter {
            sent_at: Some(selection.begun.unix_milliseconds() + offset),
            ..letter()
        };
        assert!(selection.chooses(&sent(-1)));
        assert!(!selection.chooses(&sent(1)));
    }
}
