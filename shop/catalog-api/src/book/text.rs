//! The texts of a book, stored as they were sent.

use order_core::text::{TextError, check_printable};
use serde::{Serialize, Serializer};

/// Defines a type of text with its limit.
macro_rules! text_type {
    ($(#[$documentation:meta])* $name:ident, $max:literal) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The most characters.
            pub const MAX_CHARACTERS: usize = $max;

            /// Checks the text, and keeps it unchanged.
            pub fn parse(text: &str) -> Result<Self, TextError> {
                check_printable(text, Self::MAX_CHARACTERS)?;
                Ok(Self(text.to_owned()))
            }

            /// The text as it was sent.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

text_type!(
    /// A title: one line, any script. As long as the name of an item in an order may be.
    Title, 200
);
text_type!(
    /// An author's name: one line, any script.
    Author, 100
);
