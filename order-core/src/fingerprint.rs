//! An order's fingerprint: equal for two orders exactly if their contents are equal.

use std::fmt;
use std::io::Write as _;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::order::Order;
use crate::text::{CustomerName, EmailAddress, ItemName, Note, Reference};

/// A versioned digest of an order's content: `v1:` or `v2:`, and 64 lowercase hexadecimal digits of SHA-256.
///
/// It covers the order's content, without its id, its times and its total (which follows from the items). order-api computes
/// it once; the message and the row carry it. Every version stays computable: an order is compared with a stored row in
/// the version of the row's fingerprint. An order has the oldest version that covers all its fields, so that a request that is
/// sent again after a deployment finds its stored order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    version: FingerprintVersion,
    digest: [u8; DIGEST_BYTES],
}

/// The bytes of a digest of SHA-256.
const DIGEST_BYTES: usize = 32;

/// The version of the rules that a fingerprint is computed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum FingerprintVersion {
    /// Covers an order without reference and metadata.
    V1,
    /// Covers every order.
    V2,
}

/// The text is not a fingerprint of a version that this code knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint of a known version (v1: or v2:, and 64 hexadecimal digits)")]
pub struct FingerprintError;

impl Fingerprint {
    /// The order's fingerprint, in the oldest version that covers it.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        let version = if order.needs_version_2() {
            FingerprintVersion::V2
        } else {
            FingerprintVersion::V1
        };
        Self::in_version(version, order)
    }

    /// Whether `order` has this fingerprint, computed in this fingerprint's version.
    #[must_use]
    pub fn matches(&self, order: &Order) -> bool {
        let covers = self.version == FingerprintVersion::V2 || !order.needs_version_2();
        covers && Self::in_version(self.version, order) == *self
    }

    fn in_version(version: FingerprintVersion, order: &Order) -> Self {
        let mut content = Content(Vec::with_capacity(USUAL_CONTENT_BYTES));
        content.write_v1(order);
        if version == FingerprintVersion::V2 {
            content.write_v2(order);
        }
        Self {
            version,
            digest: content.digest(),
        }
    }
}

/// As many bytes as the content of most orders has.
const USUAL_CONTENT_BYTES: usize = 1024;

/// An order's values in a fixed order, each preceded by its length, so that two different orders never hash the same bytes. An
/// optional value is preceded by `+`, a missing one is `-`.
struct Content(Vec<u8>);

impl Content {
    fn write_v1(&mut self, order: &Order) {
        let customer = order.customer();
        self.write(Some(customer.id.as_str()));
        self.write(customer.email.as_ref().map(EmailAddress::as_str));
        self.write(customer.name.as_ref().map(CustomerName::as_str));
        self.write(Some(order.currency().code()));
        self.write_number(order.items().len());
        for item in order.items() {
            self.write(Some(item.sku.as_str()));
            self.write(item.name.as_ref().map(ItemName::as_str));
            self.write_number(item.quantity.get());
            self.write_number(item.unit_price.minor_units());
        }
        self.write(order.note().map(Note::as_str));
    }

    /// The values that version 2 adds.
    fn write_v2(&mut self, order: &Order) {
        self.write(order.reference().map(Reference::as_str));
        self.write_number(order.metadata().len());
        for (name, value) in order.metadata() {
            self.write(Some(name.as_str()));
            self.write(Some(value.as_str()));
        }
    }

    fn write(&mut self, value: Option<&str>) {
        match value {
            Some(value) => {
                self.text("+");
                self.text(value);
            }
            None => self.text("-"),
        }
    }

    /// A number, as its decimal digits.
    fn write_number(&mut self, number: impl fmt::Display) {
        self.text("+");
        let length_at = self.0.len();
        self.length(0);
        let digits_at = self.0.len();
        // Writing to a Vec cannot fail.
        let _ = write!(self.0, "{number}");
        let length = (self.0.len() - digits_at) as u64;
        self.0[length_at..digits_at].copy_from_slice(&length.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn length(&mut self, length: usize) {
        self.0.extend_from_slice(&(length as u64).to_be_bytes());
    }

    fn digest(&self) -> [u8; DIGEST_BYTES] {
        Sha256::digest(&self.0).into()
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.version {
            FingerprintVersion::V1 => "v1:",
            FingerprintVersion::V2 => "v2:",
        })?;
        formatter.write_str(&hex::encode(self.digest))
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let (version, digest) = match text.split_once(':') {
            Some(("v1", digest)) => (FingerprintVersion::V1, digest),
            Some(("v2", digest)) => (FingerprintVersion::V2, digest),
            _ => return Err(FingerprintError),
        };
        let mut bytes = [0; DIGEST_BYTES];
        let is_digest = hex::decode_to_slice(digest, &mut bytes).is_ok();
        // A fingerprint has one spelling.
        if is_digest && !digest.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Ok(Self {
                version,
                digest: bytes,
            })
        } else {
            Err(FingerprintError)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(document: &Value) -> Fingerprint {
        Fingerprint::of(&Order::restore(document).unwrap())
    }

    fn document() -> Value {
        json!({
            "customer": {"id": "c-42"},
            "currency": "EUR",
            "items": [{"sku": "MUG-01", "quantity": 2, "unit_price": "12.50"}]
        })
    }

    #[test]
    fn version_1_never_changes() {
        // A golden value: stored rows hold it.
        assert_eq!(
            of(&document()).to_string(),
            "v1:a6b624bb1e54bf54ff72908b68fff936f1559bef4d698b60002d9528145ae995"
        );
    }

    #[test]
    fn version_2_never_changes() {
        // Another program computed it, from the description above.
        let golden: Value = serde_json::from_str(include_str!("../golden/message-v2.json")).unwrap();
        assert_eq!(
            of(&golden["order"]).to_string(),
            golden["fingerprint"].as_str().unwrap()
        );
    }

    #[test]
    fn version_1_does_not_match_what_it_does_not_cover() {
        let mut more = document();
        more["reference"] = json!("R");
        let order = Order::restore(&more).unwrap();
        assert!(!of(&document()).matches(&order) && of(&more).matches(&order));
        assert!(!of(&more).matches(&Order::restore(&document()).unwrap()));
        more.as_object_mut().unwrap().remove("reference");
        more["metadata"] = json!({});
        assert_eq!(of(&more), of(&document()));
    }

    #[test]
    fn the_stated_total_is_not_part_of_it() {
        let mut with_total = document();
        with_total["total"] = json!("25.00");
        assert_eq!(of(&with_total), of(&document()));
    }

    #[test]
    fn any_change_of_meaning_changes_it() {
        let change = |pointer: &str, value: Value| {
            let mut changed = document();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            changed.pointer_mut(parent).unwrap()[name] = value;
            of(&changed)
        };
        let mut all = vec![
            of(&document()),
            change("/customer/id", json!("c-43")),
            change("/customer/email", json!("ada@example.com")),
            change("/customer/name", json!("Ada")),
            change("/currency", json!("USD")),
            change("/items/0/sku", json!("MUG-02")),
            change("/items/0/name", json!("Mug")),
            change("/items/0/quantity", json!(3)),
            change("/items/0/unit_price", json!("12.51")),
            change("/note", json!("Ada")),
            change("/reference", json!("Ada")),
            change("/metadata", json!({"Ada": "Ada"})),
            change("/metadata", json!({"A": "A", "d": "a"})),
        ];
        let count = all.len();
        all.sort_by_key(ToString::to_string);
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn its_text_is_read_back() {
        let fingerprint = of(&document());
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        assert!(fingerprint.matches(&Order::restore(&document()).unwrap()));
        for text in [
            "",
            "v1:",
            "v2:00",
            "v3:00",
            &fingerprint.to_string().to_uppercase(),
            &format!("{fingerprint}0"),
        ] {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError), "{text}");
        }
    }
}
