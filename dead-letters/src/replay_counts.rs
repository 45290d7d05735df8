//! The counts of a replay.

use std::{fmt, io};

use serde::Serialize;
use terminal::stdout;

/// The counts of a replay. `dlq replay --json` prints it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct ReplayCounts {
    /// Put back on their queue.
    pub(super) replayed: u64,
    /// Not replayed because of an error.
    pub(super) failed: u64,
    /// Not replayed: no letter has the id, the operator did not change it in the editor, or another receiver holds it.
    pub(super) skipped: u64,
    /// Sent to the dead-letter queue after the command began, perhaps because it failed again. Not replayed.
    pub(super) newer: u64,
}

impl ReplayCounts {
    /// Adds the counts of another queue.
    pub(super) fn add(&mut self, other: Self) {
        self.replayed += other.replayed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.newer += other.newer;
    }

    /// Prints the counts as text or as JSON.
    pub(super) fn print(&self, json: bool) -> io::Result<()> {
        if json {
            stdout::print_document(1, self)
        } else {
            stdout::print_line(&self.to_string())
        }
    }
}

impl fmt::Display for ReplayCounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            replayed,
            failed,
            skipped,
            newer,
        } = self;
        write!(
            formatter,
            "replayed {replayed}, failed {failed}, skipped {skipped}"
        )?;
        if *newer > 0 {
            write!(
                formatter,
                "\n{newer} came into the dead-letter queue meanwhile, perhaps because they failed again: see them by `dlq list`"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_letters_have_a_line_of_their_own() {
        let mut counts = ReplayCounts {
            replayed: 3,
            failed: 1,
            ..ReplayCounts::default()
        };
        assert_eq!(counts.to_string(), "replayed 3, failed 1, skipped 0");
        counts.add(ReplayCounts {
            newer: 2,
            ..ReplayCounts::default()
        });
        insta::assert_snapshot!(counts, @r"
        replayed 3, failed 1, skipped 0
        2 came into the dead-letter queue meanwhile, perhaps because they failed again: see them by `dlq list`
        ");
    }
}
