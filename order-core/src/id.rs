//! The order's id: new for a new order, the same for a request that is sent again.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// An order's id: a UUID (RFC 9562), version 7 for a new order, version 5 where an idempotency key decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(Uuid);

/// The text is no UUID in its hyphenated lowercase form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an order id; an order id is a UUID such as 0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b")]
pub struct OrderIdError;

/// The namespace of ids that idempotency keys make. It must never change: a key that is sent again must meet its order.
const IDEMPOTENCY_NAMESPACE: Uuid = Uuid::from_u128(0x5f0c_6a52_9d1e_4c38_8b7d_3e41_a6f2_90c4);

impl OrderId {
    /// An id of a new order. The caller makes the UUID, since the domain reads neither clock nor randomness.
    #[must_use]
    pub fn new(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The id that a caller's idempotency key stands for. Each part is put behind its length, so that no two
    /// triples run together.
    #[must_use]
    pub fn from_idempotency_key(caller: &Caller, key: &IdempotencyKey) -> Self {
        let mut name = Vec::new();
        for part in [caller.mode(), caller.name(), key.as_str()] {
            name.extend_from_slice(&(part.len() as u64).to_be_bytes());
            name.extend_from_slice(part.as_bytes());
        }
        Self(Uuid::new_v5(&IDEMPOTENCY_NAMESPACE, &name))
    }

    /// The form shown to people: the last 8 hexadecimal digits. (The first ones of a version 7 UUID are its time,
    /// which orders of one minute share.)
    #[must_use]
    pub fn short(self) -> String {
        let text = self.to_string();
        text[text.len() - 8..].to_owned()
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

    /// One id has one spelling, because the table compares keys byte by byte.
    fn from_str(text: &str) -> Result<Self, OrderIdError> {
        let uuid = Uuid::try_parse(text).map_err(|_| OrderIdError)?;
        if uuid.to_string() == text {
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

/// Who sends a request, as the gateway knows it: keys of one caller never meet those of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// An IAM principal's unique id, without the session name.
    Iam(String),
    /// The id of an API key (not the key).
    ApiKey(String),
    /// The API is open.
    Anonymous,
}

impl Caller {
    /// The caller behind `requestContext.identity.caller`, which for an assumed role is `role-id:session-name`: the
    /// session name changes from one login to the next and must not change the order's id.
    #[must_use]
    pub fn iam(caller: &str) -> Self {
        Self::Iam(caller.split(':').next().unwrap_or_default().to_owned())
    }

    fn mode(&self) -> &'static str {
        match self {
            Self::Iam(_) => "iam",
            Self::ApiKey(_) => "api-key",
            Self::Anonymous => "open",
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Iam(name) | Self::ApiKey(name) => name,
            Self::Anonymous => "anonymous",
        }
    }
}

/// An idempotency key, by the IETF draft `draft-ietf-httpapi-idempotency-key-header`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The text is no idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 255 visible ASCII characters, bare or as a quoted string")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// The most characters of a key.
    pub const MAX_CHARACTERS: usize = 255;

    /// Parses a key: bare, or in the draft's form, a Structured Field string (RFC 8941 §3.3.3). `k` and `"k"` are
    /// one key.
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

/// The content of a quoted string, of which the opening quote is read already.
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
    use super::*;

    fn key(text: &str) -> IdempotencyKey {
        IdempotencyKey::parse(text).unwrap()
    }

    #[test]
    fn the_quoted_and_the_bare_form_are_one_key() {
        assert_eq!(key("\"k-1\""), key("k-1"));
        assert_eq!(key(" k-1 "), key("k-1"));
        assert_eq!(key(r#""a\"b\\c""#).as_str(), r#"a"b\c"#);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let long = "k".repeat(256);
        for text in ["", "\"\"", "a b", "é", "\"k", "\"k\"x", "\"k\\n\"", "a\tb", &long] {
            assert_eq!(IdempotencyKey::parse(text), Err(IdempotencyKeyError), "{text}");
        }
        assert!(IdempotencyKey::parse(&"k".repeat(255)).is_ok());
    }

    #[test]
    fn an_id_from_a_key_never_changes() {
        // A golden value: clients hold keys whose orders are stored already.
        let id = OrderId::from_idempotency_key(&Caller::Anonymous, &key("k-1"));
        assert_eq!(id.to_string(), "ba35b7fa-6574-574f-9bcd-6e956bb4bfe1");
        assert_eq!(id.as_uuid().get_version_num(), 5);
    }

    #[test]
    fn callers_keys_do_not_meet() {
        let ids = [
            OrderId::from_idempotency_key(&Caller::Anonymous, &key("k")),
            OrderId::from_idempotency_key(&Caller::iam("AROAX"), &key("k")),
            OrderId::from_idempotency_key(&Caller::ApiKey("AROAX".into()), &key("k")),
            OrderId::from_idempotency_key(&Caller::ApiKey("AROAXk".into()), &key("k")),
            OrderId::from_idempotency_key(&Caller::ApiKey("AROAX".into()), &key("kk")),
        ];
        for (index, id) in ids.iter().enumerate() {
            assert!(!ids[..index].contains(id));
        }
    }

    #[test]
    fn a_session_name_does_not_change_the_id() {
        assert_eq!(Caller::iam("AROAX:monday"), Caller::iam("AROAX:tuesday"));
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
