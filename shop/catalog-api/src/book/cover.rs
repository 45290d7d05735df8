//! The cover of a book.

use serde::Serialize;

/// Whether a book has a cover. The storefront draws one for a book that has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Cover {
    /// No picture was uploaded.
    None,
}

impl Cover {
    /// The state as the table holds it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
        }
    }

    /// Reads the state of a row.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text == Self::None.as_str()).then_some(Self::None)
    }
}
