//! The cursor of a list: the position where its next page starts, opaque to clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::ports::Position;

/// The version of the layout: version (1 byte), check (8), sort key.
const VERSION: u8 = 1;

/// The text is not a cursor of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this list; take next_cursor as it was given, or start without one")]
pub(crate) struct CursorError;

/// The cursor behind `position` in the list of the books with these words.
///
/// By the check a client learns that a cursor was cut, changed or taken from another list. It is not a secret and protects nothing.
pub(crate) fn encode(words: &[String], position: &Position) -> String {
    let mut bytes = vec![VERSION];
    bytes.extend(check(words, &position.0));
    bytes.extend(position.0.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor of the list of the books with these words.
pub(crate) fn decode(words: &[String], text: &str) -> Result<Position, CursorError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
    let (&version, rest) = bytes.split_first().ok_or(CursorError)?;
    let (found, key) = rest.split_first_chunk::<8>().ok_or(CursorError)?;
    let key = std::str::from_utf8(key).map_err(|_| CursorError)?;
    if version != VERSION || *found != check(words, key) {
        return Err(CursorError);
    }
    Ok(Position(key.to_owned()))
}

fn check(words: &[String], key: &str) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(key.as_bytes());
    for word in words {
        hash.update([0]);
        hash.update(word.as_bytes());
    }
    let mut check = [0; 8];
    check.copy_from_slice(&hash.finalize()[..8]);
    check
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_cursor_is_read_back_in_its_list_alone(key in ".{0,60}", word in "[a-z]{1,8}", index in 0..12_usize, character in "[A-Za-z0-9_-]") {
            let words = vec![word];
            let position = Position(key);
            let text = encode(&words, &position);
            prop_assert_eq!(decode(&words, &text), Ok(position));
            prop_assert_eq!(decode(&[], &text), Err(CursorError));
            let mut changed = text.clone();
            changed.replace_range(index..=index, &character);
            prop_assert_eq!(decode(&words, &changed).is_ok(), changed == text);
        }

        #[test]
        fn reading_never_panics(text in ".{0,40}", bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            let _ = decode(&[], &text);
            prop_assert_eq!(decode(&[], &URL_SAFE_NO_PAD.encode(bytes)), Err(CursorError));
        }
    }
}
