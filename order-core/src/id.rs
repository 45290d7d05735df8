//! Order ids: new for a new order, the same for a request that is sent again under its idempotency key.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use timestamp::Timestamp;
use uuid::Uuid;

pub use crate::caller::Caller;
use crate::key_owner::KeyOwner;

/// An order's id: a UUID (RFC 9562), version 7 for an order without an idempotency key, version 5 for one with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(Uuid);

/// The text is not a UUID in its hyphenated lowercase form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an order id; an order id is a UUID such as 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b")]
pub struct OrderIdError;

/// The namespace of ids from idempotency keys. It must never change: a key that is sent again must give the same id.
const IDEMPOTENCY_NAMESPACE: Uuid = Uuid::from_u128(0x5f0c_6a52_9d1e_4c38_8b7d_3e41_a6f2_90c4);

impl OrderId {
    /// The id of a new order. The caller makes the UUID: the domain reads neither clock nor random numbers.
    #[must_use]
    pub fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The id of the order under an owner's idempotency key. Each part is preceded by its length, so that two different
    /// triples never give the same bytes.
    #[must_use]
    pub fn from_idempotency_key(owner: &KeyOwner, key: &IdempotencyKey) -> Self {
        let mut name = Vec::new();
        for part in [owner.mode(), owner.name(), key.as_str()] {
            name.extend_from_slice(&(part.len() as u64).to_be_bytes());
            name.extend_from_slice(part.as_bytes());
        }
        Self(Uuid::new_v5(&IDEMPOTENCY_NAMESPACE, &name))
    }

    /// The short form for people: the last 8 hexadecimal digits. (The first digits of a version 7 UUID are its time, which
    /// orders of the same minute share.)
    #[must_use]
    pub fn short(self) -> String {
        let text = self.to_string();
        text[text.len() - 8..].to_owned()
    }

    /// When the id was made, of an order without an idempotency key: a UUID of version 7 holds its time. `None` of any other.
    #[must_use]
    pub fn made_at(self) -> Option<Timestamp> {
        let (seconds, nanoseconds) = self
            .0
            .get_timestamp()
            .filter(|_| self.0.get_version_num() == 7)?
            .to_unix();
        let milliseconds =
            i64::try_from(seconds).ok()?.checked_mul(1000)? + i64::from(nanoseconds / 1_000_000);
        Timestamp::from_unix_milliseconds(milliseconds).ok()
    }

    /// The UUID.
    #[must_use]
    pub fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for OrderId {
    type Err = OrderIdError;

    /// An id has one spelling, because the table compares keys byte by byte.
    fn from_str(text: &str) -> Result<Self, OrderIdError> {
        let uuid = Uuid::try_parse(text).map_err(|_| OrderIdError)?;
        if uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == text {
            Ok(Self(uuid))
        } else {
            Err(OrderIdError)
        }
    }
}

impl Serialize for OrderId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An idempotency key, by the IETF draft `draft-ietf-httpapi-idempotency-key-header`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text is not an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 255 visible ASCII characters, bare or as a quoted string")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// The most characters of a key.
    pub const MAX_CHARACTERS: usize = 255;

    /// Parses a key: bare, or as a Structured Field string (RFC 8941 §3.3.3), as the draft demands. `k` and `"k"` are the same
    /// key.
    pub fn parse(text: &str) -> Result<Self, IdempotencyKeyError> {
        let text = text.trim_matches([' ', '\t']);
        let key = match text.strip_prefix('"') {
            Some(rest) => unquoted(rest)?,
            None => text.to_owned(),
        };
        let is_key = (1..=Self::MAX_CHARACTERS).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key {
            Ok(Self(key))
        } else {
            Err(IdempotencyKeyError)
        }
    }

    /// The key without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The content of a quoted string, without its opening quote.
fn unquoted(rest: &str) -> Result<String, IdempotencyKeyError> {
    let mut content = String::new();
    let mut characters = rest.chars();
    loop {
        match characters.next() {
            Some('"') if characters.as_str().is_empty() => return Ok(content),
            Some('\\') => match characters.next() {
                Some(escaped @ ('"' | '\\')) => content.push(escaped),
                _ => return Err(IdempotencyKeyError),
            },
            Some('"') | None => return Err(IdempotencyKeyError),
            Some(character) => content.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey::parse(text).unwrap()
    }

    #[test]
    fn an_id_without_a_key_holds_its_time() {
        let id: OrderId = "01a207bd-a9c0-7eeb-be96-e59ce40f9cb1".parse().unwrap();
        assert_eq!(id.made_at().unwrap().to_string(), "2026-11-23T09:30:00.000Z");
        let keyed = OrderId::from_idempotency_key(&Caller::Anonymous.into(), &key("k"));
        assert_eq!(keyed.made_at(), None);
        // Version 1 has a time too, and no order has such an id.
        let other: OrderId = "c232ab00-9414-11ec-b3c8-9f6bdeced846".parse().unwrap();
        assert_eq!(other.made_at(), None);
    }

    #[test]
    fn the_quoted_and_the_bare_form_are_one_key() {
        assert_eq!(key("\"k-1\""), key("k-1"));
        assert_eq!(key(" k-1 "), key("k-1"));
        assert_eq!(key(r#""a\"b\\c""#).as_str(), r#"a"b\c"#);
    }

    #[test]
    fn other_texts_are_refused() {
        let long = "k".repeat(256);
        for text in ["", "\"\"", "a b", "é", "\"k", "\"k\"x", "\"k\\n\"", "a\tb", &long] {
            assert_eq!(IdempotencyKey::parse(text), Err(IdempotencyKeyError), "{text}");
        }
        assert!(IdempotencyKey::parse(&"k".repeat(255)).is_ok());
    }

    #[test]
    fn an_id_from_a_key_never_changes() {
        // A golden value: clients hold keys of stored orders.
        let id = OrderId::from_idempotency_key(&Caller::Anonymous.into(), &key("k-1"));
        assert_eq!(id.to_string(), "ba35b7fa-6574-574f-9bcd-6e956bb4bfe1");
        assert_eq!(id.as_uuid().get_version_num(), 5);
        // Others were computed by another program, from the description in the code.
        let golden: Vec<HashMap<String, String>> =
            serde_json::from_str(include_str!("../golden/keys-v1.json")).unwrap();
        for entry in golden {
            let caller = match entry["mode"].as_str() {
                "iam" => Caller::Iam(entry["caller"].clone()),
                "api-key" => Caller::ApiKey(entry["caller"].clone()),
                _ => Caller::Anonymous,
            };
            let id = OrderId::from_idempotency_key(&caller.into(), &key(&entry["key"]));
            assert_eq!(id.to_string(), entry["order_id"], "{entry:?}");
        }
    }

    #[test]
    fn an_id_from_a_tenants_key_never_changes() {
        // Computed by another program, from the description in the code.
        let golden: Vec<HashMap<String, String>> =
            serde_json::from_str(include_str!("../golden/keys-v1-tenants.json")).unwrap();
        assert!(!golden.is_empty());
        for entry in golden {
            let owner = entry["owner"].parse().unwrap();
            let id = OrderId::from_idempotency_key(&owner, &key(&entry["key"]));
            assert_eq!(id.to_string(), entry["order_id"], "{entry:?}");
        }
    }

    #[test]
    fn the_same_key_of_two_callers_gives_two_ids() {
        let ids = [
            ("open", "k"),
            ("iam:AROAX", "k"),
            ("api-key:AROAX", "k"),
            ("api-key:AROAXk", "k"),
            ("api-key:AROAX", "kk"),
            ("tenant:AROAX", "k"),
            ("tenant:anonymous", "k"),
        ]
        .map(|(owner, text)| OrderId::from_idempotency_key(&owner.parse().unwrap(), &key(text)));
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id));
        }
    }

    #[test]
    fn an_id_has_one_spelling() {
        let text = "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b";
        let id: OrderId = text.parse().unwrap();
        assert_eq!((id.to_string().as_str(), id.short().as_str()), (text, "4e5f6a7b"));
        for other in [
            text.to_uppercase(),
            text.replace('-', ""),
            format!("{{{text}}}"),
            format!("urn:uuid:{text}"),
            String::new(),
        ] {
            assert_eq!(other.parse::<OrderId>(), Err(OrderIdError), "{other}");
        }
    }
}
