//! Texts of an order, stored as they were sent. In a new order they are printable and limited in length.

use std::fmt;

/// Why a text is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Empty, or over the limit in characters.
    #[error("must have 1 to {max} characters")]
    Length {
        /// The limit in characters (Unicode scalar values).
        max: usize,
    },
    /// Only white space.
    #[error("must not be blank")]
    Blank,
    /// A control character, a line or paragraph separator, or a character that changes the direction of writing.
    #[error(
        "must not hold line breaks, control characters or characters that reverse the direction of writing"
    )]
    Control,
    /// An identifier with a character that is not visible ASCII.
    #[error("must consist of visible ASCII characters without spaces")]
    NotVisibleAscii,
    /// A name with another character than letters, digits, `_`, `-` and `.`.
    #[error("must be named by 1 to 40 letters, digits, \"_\", \"-\" and \".\"")]
    Name,
    /// Not an address of the form `local@domain`.
    #[error("must be an email address, for example \"ada@example.com\"")]
    Email,
}

/// Characters that could forge a line or hide text wherever the text is shown. Also U+FFFE and U+FFFF, which are not
/// characters and which SQS refuses in a message.
fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Checks that a text can be shown: one line of 1 to `max` characters, not blank, and without characters that forge or hide text.
pub fn check_printable(text: &str, max: usize) -> Result<(), TextError> {
    if text.is_empty() || text.chars().count() > max {
        return Err(TextError::Length { max });
    }
    if text.chars().any(is_deceptive) {
        return Err(TextError::Control);
    }
    if text.trim().is_empty() {
        Err(TextError::Blank)
    } else {
        Ok(())
    }
}

fn identifier(text: &str, max: usize) -> Result<(), TextError> {
    if text.is_empty() || text.chars().count() > max {
        return Err(TextError::Length { max });
    }
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(TextError::NotVisibleAscii)
    }
}

fn name(text: &str, max: usize) -> Result<(), TextError> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if (1..=max).contains(&text.len()) && text.bytes().all(is_allowed) {
        Ok(())
    } else {
        Err(TextError::Name)
    }
}

/// RFC 5321 §4.5.3.1 limits the parts. The address is stored and shown, and no email is sent to it. The quoted and the
/// international forms, which only a mail server can check, are refused.
fn email(text: &str, max: usize) -> Result<(), TextError> {
    identifier(text, max).map_err(|error| match error {
        TextError::Length { .. } => error,
        _ => TextError::Email,
    })?;
    let (local, domain) = text.rsplit_once('@').ok_or(TextError::Email)?;
    let is_local = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    let local_is_good = (1..=64).contains(&local.len())
        && local.bytes().all(is_local)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    let label_is_good = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if local_is_good && domain.split('.').all(label_is_good) {
        Ok(())
    } else {
        Err(TextError::Email)
    }
}

/// Defines a type of text with its rule and its limit.
macro_rules! text_type {
    ($(#[$documentation:meta])* $name:ident, $rule:ident, $max:literal) => {
        $(#[$documentation])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters that it may have in a new order.
            pub const MAX_CHARACTERS: usize = $max;

            /// Checks the text of a new order by today's rule, and keeps it unchanged.
            pub fn accept(text: &str) -> Result<Self, TextError> {
                $rule(text, Self::MAX_CHARACTERS)?;
                Ok(Self(text.to_owned()))
            }

            /// The text of an order that was accepted before, perhaps by another rule.
            #[must_use]
            pub fn restore(text: &str) -> Self {
                Self(text.to_owned())
            }

            /// The text as it was sent.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            /// Without the text: a log must hold no personal data.
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({} characters)"), self.0.chars().count())
            }
        }
    };
}

text_type!(
    /// The shop's own identifier of a customer: visible ASCII.
    CustomerId, identifier, 64
);
text_type!(
    /// A stock keeping unit: visible ASCII.
    Sku, identifier, 64
);
text_type!(
    /// A customer's name, any script.
    CustomerName, check_printable, 200
);
text_type!(
    /// An item's name, any script.
    ItemName, check_printable, 200
);
text_type!(
    /// A customer's note: one line, any script.
    Note, check_printable, 1000
);
text_type!(
    /// A customer's email address. This system sends no email to it.
    EmailAddress, email, 254
);

text_type!(
    /// The caller's own name of an order, for example an order number: one line, any script.
    Reference, check_printable, 100
);
text_type!(
    /// The name of an entry of an order's metadata.
    MetadataName, name, 40
);
text_type!(
    /// The value of an entry of an order's metadata: one line, any script.
    MetadataValue, check_printable, 500
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unicode_is_kept() {
        for text in ["Zoë", "山田 太郎", "Müller & Söhne 🎁", "عمر"] {
            assert_eq!(CustomerName::accept(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn deceptive_characters_are_refused() {
        for character in [
            '\n', '\r', '\t', '\0', '\u{7f}', '\u{85}', '\u{2028}', '\u{202e}', '\u{2066}', '\u{feff}',
            '\u{fffe}', '\u{ffff}',
        ] {
            assert_eq!(
                Note::accept(&format!("a{character}b")),
                Err(TextError::Control),
                "{character:?}"
            );
        }
    }

    #[test]
    fn lengths_count_characters() {
        assert!(CustomerName::accept(&"é".repeat(200)).is_ok());
        assert_eq!(
            CustomerName::accept(&"é".repeat(201)),
            Err(TextError::Length { max: 200 })
        );
        assert_eq!(CustomerName::accept(""), Err(TextError::Length { max: 200 }));
        assert_eq!(CustomerName::accept("  "), Err(TextError::Blank));
    }

    #[test]
    fn identifiers_are_visible_ascii() {
        assert!(Sku::accept("MUG-01/b").is_ok());
        for text in ["a b", "é", "a\n"] {
            assert_eq!(Sku::accept(text), Err(TextError::NotVisibleAscii), "{text:?}");
        }
    }

    #[test]
    fn names_of_metadata_are_plain() {
        assert!(MetadataName::accept("utm_source.v-2").is_ok());
        let long = "n".repeat(41);
        for text in ["", "a b", "é", "a/b", &long] {
            assert_eq!(MetadataName::accept(text), Err(TextError::Name), "{text:?}");
        }
    }

    #[test]
    fn addresses_are_checked_in_form() {
        for text in [
            "ada@example.com",
            "a.b+c@sub.example.co",
            "x@localhost",
            "o'neil@example.ie",
        ] {
            assert!(EmailAddress::accept(text).is_ok(), "{text}");
        }
        let long_local = format!("{}@example.com", "a".repeat(65));
        for text in [
            "ada",
            "@example.com",
            "ada@",
            "a@@b",
            "a b@c.d",
            ".a@b.c",
            "a..b@c.d",
            "a@-b.c",
            "a@b..c",
            "ü@b.c",
            &long_local,
        ] {
            assert_eq!(EmailAddress::accept(text), Err(TextError::Email), "{text}");
        }
    }

    #[test]
    fn debug_output_holds_no_text() {
        assert_eq!(
            format!("{:?}", CustomerName::accept("Ada").unwrap()),
            "CustomerName(3 characters)"
        );
    }
}
