//! JSON as a client must send it: one document, UTF-8 without a byte order mark, no key twice in an object.
//!
//! `serde_json` keeps the last of two equal keys, so that two readers of one body could see different orders (RFC 8259 §4
//! calls the behaviour unpredictable). [`parse`] refuses such a document.

mod strict;
mod value;

use serde::de::Deserialize as _;

use self::strict::Strict;
pub use self::value::{Object, Value};

/// Why bytes are not an accepted JSON document. The texts hold positions, never the document's values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The bytes are not UTF-8 (RFC 8259 §8.1).
    #[error("not valid UTF-8 (first wrong byte at offset {0})")]
    NotUtf8(usize),
    /// The document starts with U+FEFF, which RFC 8259 §8.1 forbids to add.
    #[error("starts with a byte order mark; send UTF-8 without one")]
    ByteOrderMark,
    /// Not JSON, a key twice in an object, a number out of range, or nested more than 128 levels deep.
    #[error("not a JSON document: {0}")]
    Syntax(String),
}

/// Parses one JSON document. Its texts are those of `bytes`, except where they hold escapes.
pub fn parse(bytes: &[u8]) -> Result<Value<'_>, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError::NotUtf8(error.valid_up_to()))?;
    if text.starts_with('\u{feff}') {
        return Err(JsonError::ByteOrderMark);
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict::deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value.0))
        .map_err(|error| JsonError::Syntax(error.to_string()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read() {
        assert_eq!(
            parse(br#" {"a":[1,-2,"x\n",null,true,2.5]} "#).unwrap(),
            Value::from(&serde_json::json!({"a":[1,-2,"x\n",null,true,2.5]}))
        );
    }

    #[test]
    fn a_document_can_own_its_texts() {
        let text = r#" {"b":{"c":[1,-2,"x\n",null,true,2.5]},"a":"x"} "#;
        let owned = serde_json::Value::from(parse(text.as_bytes()).unwrap());
        assert_eq!(owned, serde_json::from_str::<serde_json::Value>(text).unwrap());
    }

    #[test]
    fn a_key_named_twice_is_refused_at_any_depth() {
        for body in [&br#"{"a":1,"a":1}"#[..], br#"{"b":[{"a":1,"\u0061":2}]}"#] {
            let error = parse(body).unwrap_err().to_string();
            assert!(error.contains("same key twice"), "{error}");
        }
        for count in [2, 16, 17, 1000] {
            let entry = |index: usize| format!(r#""k{index}":{index}"#);
            let entries: Vec<String> = (0..count).map(entry).collect();
            let all = entries.join(",");
            assert!(parse(format!("{{{all}}}").as_bytes()).is_ok(), "{count}");
            for twice in [0, count / 2, count - 1] {
                let error = parse(format!("{{{all},{}}}", entry(twice)).as_bytes()).unwrap_err();
                assert!(error.to_string().contains("same key twice"), "{count}: {error}");
            }
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        assert_eq!(parse(b"\xef\xbb\xbf{}"), Err(JsonError::ByteOrderMark));
        assert_eq!(parse(b"{\"a\":\"\xff\"}"), Err(JsonError::NotUtf8(6)));
        for body in [
            "",
            "{",
            "{} {}",
            "nul",
            "1e999",
            "{\"a\":\"\\ud800\"}",
            &"[".repeat(100_000),
        ] {
            assert!(
                matches!(parse(body.as_bytes()), Err(JsonError::Syntax(_))),
                "{body:.20}"
            );
        }
    }

    #[test]
    fn an_error_never_quotes_a_value() {
        let error = parse(br#"{"email":"ada@example.com" "x"}"#)
            .unwrap_err()
            .to_string();
        assert!(!error.contains("ada"), "{error}");
    }
}
