//! Patterns for names, with `*` as wildcard.

use serde::Deserialize;

/// A pattern for a name. `*` matches any number of characters.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(super) struct Pattern(String);

impl Pattern {
    /// Returns the pattern that matches every name.
    pub(super) fn any() -> Self {
        Self("*".to_owned())
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        matches(&self.0, name)
    }
}

/// Returns true if one of the patterns matches.
pub(super) fn any_matches(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| pattern.matches(name))
}

fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(name) = name.strip_prefix(head) else {
        return false;
    };
    name.char_indices()
        .map(|(index, _)| &name[index..])
        .chain([""])
        .any(|tail| matches(rest, tail))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_matches_any_number_of_characters() {
        for (pattern, name) in [
            ("*", ""),
            ("*", "sqs:SendMessage"),
            ("sqs:*", "sqs:SendMessage"),
            ("*:*Batch", "sns:PublishBatch"),
            ("order-api", "order-api"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("sqs:*", "sns:Publish"),
            ("*Batch", "PublishBatch2"),
            ("order", "order-api"),
            ("", "a"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
