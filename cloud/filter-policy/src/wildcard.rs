//! Patterns with `*` for any characters. `\*` and `\\` stand for the characters themselves.

use crate::error::PolicyError;

/// The texts between the wildcards, in their order. There is one more of them than there are wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wildcard(Vec<String>);

impl Wildcard {
    pub(crate) fn parse(pattern: &str) -> Result<Self, PolicyError> {
        let mut parts = vec![String::new()];
        let mut after_wildcard = false;
        // AWS counts from the quote before the pattern.
        let mut characters = (1..).zip(pattern.chars());
        while let Some((at, character)) = characters.next() {
            let literal = match character {
                '*' if after_wildcard => {
                    return Err(PolicyError::new(format!(
                        "Consecutive wildcard characters at pos {}",
                        at - 1
                    )));
                }
                '*' => {
                    parts.push(String::new());
                    after_wildcard = true;
                    continue;
                }
                '\\' => match characters.next() {
                    Some((_, escaped @ ('*' | '\\'))) => escaped,
                    _ => {
                        return Err(PolicyError::new(format!("Invalid escape character at pos {at}")));
                    }
                },
                character => character,
            };
            after_wildcard = false;
            if let Some(part) = parts.last_mut() {
                part.push(literal);
            }
        }
        Ok(Self(parts))
    }

    pub(crate) fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = &self.0[..] else {
            return self.0.first().is_some_and(|only| only == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        // The earliest place of a part leaves the most for the next ones.
        for part in middle {
            let Some(at) = rest.find(part.as_str()) else {
                return false;
            };
            rest = &rest[at + part.len()..];
        }
        rest.ends_with(last.as_str())
    }
}
