//! Receipt handles: they name the row of a message and one receipt of it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use md5::{Digest, Md5};
use uuid::Uuid;

use crate::error::SqsError;

/// A handle to one receipt of a message.
///
/// Its text is base64 of three parts: a mark of the queue, the id of the row and the nonce of the receive
/// call. So it cannot be guessed, an outdated handle differs from the current one, and a handle from another
/// queue is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) row: i64,
    pub(super) nonce: Nonce,
}

/// The random value of one receive call. All receipts of that call contain it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Nonce(pub(super) [u8; 16]);

impl Nonce {
    pub(super) fn new() -> Self {
        Self(*Uuid::new_v4().as_bytes())
    }
}

impl Receipt {
    pub(super) fn encode(&self, queue: &str) -> String {
        let mut bytes = Vec::with_capacity(32);
        bytes.extend_from_slice(&mark(queue));
        bytes.extend_from_slice(&self.row.to_be_bytes());
        bytes.extend_from_slice(&self.nonce.0);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    pub(super) fn decode(handle: &str, queue: &str) -> Result<Self, SqsError> {
        Self::parse(handle, queue).ok_or_else(|| SqsError::ReceiptHandleIsInvalid(handle.to_owned()))
    }

    fn parse(handle: &str, queue: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(handle).ok()?;
        let (found, rest) = bytes.split_first_chunk::<8>()?;
        let (row, nonce) = rest.split_first_chunk::<8>()?;
        (*found == mark(queue)).then_some(())?;
        Some(Self {
            row: i64::from_be_bytes(*row),
            nonce: Nonce(nonce.try_into().ok()?),
        })
    }
}

fn mark(queue: &str) -> [u8; 8] {
    let digest = Md5::digest(queue.as_bytes());
    let mut mark = [0; 8];
    mark.copy_from_slice(&digest[..8]);
    mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_valid_only_for_its_own_queue() {
        let receipt = Receipt {
            row: 42,
            nonce: Nonce::new(),
        };
        let handle = receipt.encode("orders");
        assert_eq!(Receipt::decode(&handle, "orders").unwrap(), receipt);
        assert!(Receipt::decode(&handle, "others").is_err());
        assert!(Receipt::decode("garbage", "orders").is_err());
        assert!(Receipt::decode("", "orders").is_err());
        let later = Receipt {
            nonce: Nonce::new(),
            ..receipt
        };
        assert_ne!(later.encode("orders"), handle);
    }
}
