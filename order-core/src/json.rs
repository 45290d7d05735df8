//! JSON as a client must send it: one document, UTF-8 without a byte order mark, no key twice in an object.
//!
//! `serde_json` keeps the last of two equal keys, so that two readers of one body could see different orders (RFC 8259 §4
//! calls the behaviour unpredictable). [`parse`] refuses such a document.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

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

/// Parses one JSON document.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
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

/// A value in which no object has a key twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Strict)
    }
}

struct StrictVisitor;

impl<'de> DeserializeSeed<'de> for StrictVisitor {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = access.next_element_seed(StrictVisitor)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom("an object names the same key twice"));
            }
            object.insert(key, access.next_value_seed(StrictVisitor)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read() {
        assert_eq!(
            parse(br#" {"a":[1,-2,"x",null,true]} "#).unwrap(),
            serde_json::json!({"a":[1,-2,"x",null,true]})
        );
    }

    #[test]
    fn a_key_named_twice_is_refused_at_any_depth() {
        for body in [&br#"{"a":1,"a":1}"#[..], br#"{"b":[{"a":1,"\u0061":2}]}"#] {
            let error = parse(body).unwrap_err().to_string();
            assert!(error.contains("same key twice"), "{error}");
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
