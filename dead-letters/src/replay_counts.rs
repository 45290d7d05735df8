//! What became of the letters.

use std::fmt;

use serde::Serialize;

/// Counts of a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// Put back on their queue.
    pub(super) replayed: u64,
    /// Still in the dead-letter queue because of an error.
    pub(super) failed: u64,
    /// Not touched: no letter of that id, left unchanged by its editor, or held by another receiver.
    pub(super) skipped: u64,
    /// Came into the dead-letter queue after the command began, perhaps because it failed again; left there.
    pub(super) newer: u64,
}

impl Tally {
    /// Adds another queue's.
    pub(super) fn add(&mut self, other: Self) {
        self.replayed += other.replayed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.newer += other.newer;
    }
}

impl fmt::Display for Tally {
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
                "\n{newer} came into the dead-letter queue meanwhile, perhaps back: see them with dlq list"
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_in_a_line_and_what_came_back_in_another() {
        let mut tally = Tally {
            replayed: 3,
            failed: 1,
            ..Tally::default()
        };
        assert_eq!(tally.to_string(), "replayed 3, failed 1, skipped 0");
        tally.add(Tally {
            newer: 2,
            ..Tally::default()
        });
        insta::assert_snapshot!(tally, @r"
        replayed 3, failed 1, skipped 0
        2 came into the dead-letter queue meanwhile, perhaps back: see them with dlq list
        ");
    }
}
