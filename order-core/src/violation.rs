//! What is wrong with a document, where, and what to do about it.

use std::fmt;

use serde::Serialize;

/// One thing wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Where: a JSON pointer (RFC 6901) into the document, empty for the whole.
    pub pointer: String,
    /// What, and what to do: a sentence fragment that never quotes the value.
    pub detail: String,
}

/// All that is wrong with a document, in the order of reading.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Violations(Vec<Violation>);

/// More than this many are not listed: a hostile body must not grow into a larger answer.
const MOST_LISTED: usize = 100;

impl Violations {
    /// Adds one; from the hundredth on they are dropped.
    pub fn push(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        if self.0.len() < MOST_LISTED {
            self.0.push(Violation {
                pointer: pointer.into(),
                detail: detail.into(),
            });
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The violations in the order of reading.
    #[must_use]
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let pointer = if violation.pointer.is_empty() {
                "/"
            } else {
                &violation.pointer
            };
            write!(formatter, "{separator}{pointer}: {}", violation.detail)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}

/// Appends one reference token to a JSON pointer, escaped as RFC 6901 §3 says.
#[must_use]
pub fn pointer(parent: &str, token: &str) -> String {
    format!("{parent}/{}", token.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_escapes_its_tokens() {
        assert_eq!(pointer("/items/0", "a/b~c"), "/items/0/a~1b~0c");
    }

    #[test]
    fn the_list_is_bounded() {
        let mut violations = Violations::default();
        for index in 0..1000 {
            violations.push(format!("/{index}"), "wrong");
        }
        assert_eq!(violations.as_slice().len(), MOST_LISTED);
    }
}
