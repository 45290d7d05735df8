//! An order's fingerprint: equal for two orders exactly if their contents are equal.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::order::Order;
use crate::text::{CustomerName, EmailAddress, ItemName, Note};

/// A versioned digest of an order's content: `v1:` and 64 lowercase hexadecimal digits of SHA-256.
///
/// It covers the order's content, without its id, its times and its total (which follows from the items). order-api computes
/// it once; the message and the row carry it. Every version stays computable: an order is compared with a stored row in
/// the version of the row's fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    version: FingerprintVersion,
    digest: String,
}

/// The version of the rules that a fingerprint is computed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum FingerprintVersion {
    V1,
}

/// The text is not a fingerprint of a version that this code knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint of a known version (v1: and 64 hexadecimal digits)")]
pub struct FingerprintError;

impl Fingerprint {
    /// The order's fingerprint in the newest version.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        Self::in_version(FingerprintVersion::V1, order)
    }

    /// Whether `order` has this fingerprint, computed in this fingerprint's version.
    #[must_use]
    pub fn matches(&self, order: &Order) -> bool {
        Self::in_version(self.version, order) == *self
    }

    fn in_version(version: FingerprintVersion, order: &Order) -> Self {
        match version {
            FingerprintVersion::V1 => Self {
                version,
                digest: digest_v1(order),
            },
        }
    }
}

/// Version 1: every value in a fixed order, each preceded by its length, so that two different orders never hash the same
/// bytes. An optional value is preceded by `+`, a missing one is `-`.
fn digest_v1(order: &Order) -> String {
    let mut hash = Sha256::new();
    let mut text = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    let mut write = |value: Option<&str>| match value {
        Some(value) => {
            text("+");
            text(value);
        }
        None => text("-"),
    };
    let customer = order.customer();
    write(Some(customer.id.as_str()));
    write(customer.email.as_ref().map(EmailAddress::as_str));
    write(customer.name.as_ref().map(CustomerName::as_str));
    write(Some(order.currency().code()));
    write(Some(&order.items().len().to_string()));
    for item in order.items() {
        write(Some(item.sku.as_str()));
        write(item.name.as_ref().map(ItemName::as_str));
        write(Some(&item.quantity.get().to_string()));
        write(Some(&item.unit_price.minor_units().to_string()));
    }
    write(order.note().map(Note::as_str));
    hash.finalize()
        .iter()
        .fold(String::with_capacity(64), |mut hexadecimal, byte| {
            use fmt::Write as _;
            // Writing to a String cannot fail.
            let _ = write!(hexadecimal, "{byte:02x}");
            hexadecimal
        })
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            FingerprintVersion::V1 => write!(formatter, "v1:{}", self.digest),
        }
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let digest = text.strip_prefix("v1:").ok_or(FingerprintError)?;
        let is_digest = digest.len() == 64
            && digest
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_digest {
            Ok(Self {
                version: FingerprintVersion::V1,
                digest: digest.to_owned(),
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
        ];
        let count = all.len();
        all.sort_by_key(ToString::to_string);
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn its_text_is_read_back() {
        let fingerprint = of(&document());
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint.clone()));
        assert!(fingerprint.matches(&Order::restore(&document()).unwrap()));
        for text in [
            "",
            "v1:",
            "v2:00",
            &fingerprint.to_string().to_uppercase(),
            &format!("{fingerprint}0"),
        ] {
            assert_eq!(text.parse::<Fingerprint>(), Err(FingerprintError), "{text}");
        }
    }
}
