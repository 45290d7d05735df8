//! The reasons of failures and retries, counted.

use std::collections::BTreeMap;

/// The most reasons that are told apart. A reason may name a value, such as a port.
const MAX_REASONS: usize = 20;
/// The reason of all others.
const OTHERS: &str = "other reasons";
/// The most characters of a reason.
const MAX_CHARACTERS: usize = 160;

/// The number of times of each reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reasons(BTreeMap<String, u64>);

impl Reasons {
    /// Counts a reason by the first line of its text. The lines after it name a single request.
    pub(super) fn add(&mut self, text: &str) {
        let line = text.lines().next().unwrap_or_default();
        let reason: String = line.chars().take(MAX_CHARACTERS).collect();
        let reason = if self.0.len() < MAX_REASONS || self.0.contains_key(&reason) {
            reason
        } else {
            OTHERS.to_owned()
        };
        *self.0.entry(reason).or_default() += 1;
    }

    /// The reasons, the most frequent first.
    pub(super) fn ranked(&self) -> Vec<(&str, u64)> {
        let mut ranked: Vec<(&str, u64)> = self.0.iter().map(|(reason, count)| (&**reason, *count)).collect();
        ranked.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        ranked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_counted_by_their_first_line() {
        let mut reasons = Reasons::default();
        for text in ["b", "a\nrequest 1", "a\nrequest 2"] {
            reasons.add(text);
        }
        assert_eq!(reasons.ranked(), [("a", 2), ("b", 1)]);
    }

    #[test]
    fn few_reasons_are_told_apart() {
        let mut reasons = Reasons::default();
        for number in 0..100 {
            reasons.add(&format!("port {number}"));
        }
        reasons.add("port 0");
        assert_eq!(reasons.ranked()[..2], [(OTHERS, 80), ("port 0", 2)]);
        assert_eq!(reasons.ranked().len(), MAX_REASONS + 1);
    }
}
