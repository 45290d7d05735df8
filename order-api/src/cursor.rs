//! The cursor of a list: the position where its next page starts, opaque to clients.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use order_core::text::CustomerId;
use order_core::{OrderId, Timestamp};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::ports::Position;

/// The version of the layout.
const VERSION: u8 = 1;
/// Version (1 byte), milliseconds since the epoch (8), order id (16), check (8).
const LENGTH: usize = 33;

/// The text is not a cursor of this customer's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a cursor of this customer's list; take next_cursor as it was given, or start without one")]
pub(crate) struct CursorError;

/// The cursor behind `position` in the list of `customer`, in URL-safe characters.
///
/// It does not hold the customer: the query alone decides whose orders are read. By the check a client learns that a cursor was
/// cut, changed or taken from another list. The check is not a secret and protects nothing.
pub(crate) fn encode(customer: &CustomerId, position: Position) -> String {
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.push(VERSION);
    bytes.extend_from_slice(&position.accepted_at.unix_milliseconds().to_be_bytes());
    bytes.extend_from_slice(position.order_id.as_uuid().as_bytes());
    let check = check(customer, &bytes);
    bytes.extend_from_slice(&check);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads a cursor of the list of `customer`. A position has one spelling.
pub(crate) fn decode(customer: &CustomerId, text: &str) -> Result<Position, CursorError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
    let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| CursorError)?;
    let [version, rest @ ..] = bytes;
    let (milliseconds, rest) = rest.split_first_chunk().ok_or(CursorError)?;
    let (id, found) = rest.split_first_chunk().ok_or(CursorError)?;
    if version != VERSION || found != check(customer, &bytes[..LENGTH - 8]) {
        return Err(CursorError);
    }
    Ok(Position {
        accepted_at: Timestamp::from_unix_milliseconds(i64::from_be_bytes(*milliseconds))
            .map_err(|_| CursorError)?,
        order_id: OrderId::new(Uuid::from_bytes(*id)),
    })
}

fn check(customer: &CustomerId, bytes: &[u8]) -> [u8; 8] {
    let mut hash = Sha256::new();
    hash.update(bytes);
    hash.update(customer.as_str().as_bytes());
    let mut check = [0; 8];
    check.copy_from_slice(&hash.finalize()[..8]);
    check
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn customer(text: &str) -> CustomerId {
        CustomerId::accept(text).unwrap()
    }

    prop_compose! {
        // Every millisecond of the years 0 to 9999.
        fn position()(milliseconds in -62_167_219_200_000..=253_402_300_799_999_i64, id: u128) -> Position {
            Position {
                accepted_at: Timestamp::from_unix_milliseconds(milliseconds).unwrap(),
                order_id: OrderId::new(Uuid::from_u128(id)),
            }
        }
    }

    #[test]
    fn version_1_stays_readable() {
        // A golden value: clients hold cursors while new code is deployed.
        let position = Position {
            accepted_at: "2026-11-23T09:35:00.123Z".parse().unwrap(),
            order_id: "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b".parse().unwrap(),
        };
        let text = "AQAAAaIHwj4bAZnToFweezqfVywdTl9qe2eCw_eZYc3N";
        assert_eq!(encode(&customer("c-42"), position), text);
        assert_eq!(decode(&customer("c-42"), text), Ok(position));
        // Others were computed by another program, from the description in the code.
        let golden: Vec<HashMap<String, String>> =
            serde_json::from_str(include_str!("../golden/cursors-v1.json")).unwrap();
        for entry in golden {
            let customer = customer(&entry["customer"]);
            let position = Position {
                accepted_at: entry["accepted_at"].parse().unwrap(),
                order_id: entry["order_id"].parse().unwrap(),
            };
            assert_eq!(encode(&customer, position), entry["cursor"]);
            assert_eq!(decode(&customer, &entry["cursor"]), Ok(position));
        }
    }

    proptest! {
        #[test]
        fn a_cursor_is_read_back(id in "[!-~]{1,64}", position in position()) {
            let customer = customer(&id);
            prop_assert_eq!(decode(&customer, &encode(&customer, position)), Ok(position));
        }

        #[test]
        fn reading_never_panics(text in ".{0,80}", bytes in prop::collection::vec(any::<u8>(), 0..48)) {
            let customer = customer("c-42");
            let _ = decode(&customer, &text);
            prop_assert_eq!(decode(&customer, &URL_SAFE_NO_PAD.encode(bytes)), Err(CursorError));
        }

        #[test]
        fn a_changed_cursor_is_refused(position in position(), index in 0..44_usize, character in "[A-Za-z0-9_-]") {
            let customer = customer("c-42");
            let text = encode(&customer, position);
            let mut changed = text.clone();
            changed.replace_range(index..=index, &character);
            prop_assert_eq!(decode(&customer, &changed).is_ok(), changed == text);
        }

        #[test]
        fn another_customers_cursor_is_refused(a in "[!-~]{1,64}", b in "[!-~]{1,64}", position in position()) {
            prop_assume!(a != b);
            prop_assert_eq!(decode(&customer(&b), &encode(&customer(&a), position)), Err(CursorError));
        }
    }
}
