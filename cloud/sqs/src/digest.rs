//! MD5 digests of bodies and attributes. Clients compare them with what they sent or received.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use md5::{Digest, Md5};

use crate::message::{AttributeValue, MessageAttribute, ReceivedMessage};

impl ReceivedMessage {
    /// The MD5 digest of the message attributes. `None` without attributes.
    #[must_use]
    pub fn md5_of_message_attributes(&self) -> Option<String> {
        md5_of_attributes(&self.message_attributes)
    }
}

/// MD5 in lower-case hex.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    hex(&Md5::digest(bytes))
}

/// The MD5 digest of message attributes. Attributes are taken in the order of their names. For each, the
/// digest covers the length-prefixed name, the length-prefixed data type, one byte for the transport type (1
/// string, 2 binary) and the length-prefixed value.
///
/// Source: SQS Developer Guide, "Calculating the MD5 message digest for message attributes".
pub(crate) fn md5_of_attributes(attributes: &BTreeMap<String, MessageAttribute>) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut digest = Md5::new();
    for (name, attribute) in attributes {
        update(&mut digest, name.as_bytes());
        update(&mut digest, attribute.data_type.as_bytes());
        match &attribute.value {
            AttributeValue::String(text) => {
                digest.update([1]);
                update(&mut digest, text.as_bytes());
            }
            AttributeValue::Binary(bytes) => {
                digest.update([2]);
                update(&mut digest, bytes);
            }
        }
    }
    Some(hex(&digest.finalize()))
}

fn update(digest: &mut Md5, bytes: &[u8]) {
    // The cast cannot fail: attributes are at most 1 MiB.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    digest.update(length.to_be_bytes());
    digest.update(bytes);
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String does not fail.
            let _ok = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_aws() {
        assert_eq!(
            md5_hex(b"This is a test message"),
            "fafb00f5732ab283681e124bf8747ed1"
        );
        // moto and LocalStack record this digest from an answer of AWS.
        let attribute = MessageAttribute {
            data_type: "Number".to_owned(),
            value: AttributeValue::String("1493147359900".to_owned()),
        };
        let attributes = BTreeMap::from([("timestamp".to_owned(), attribute)]);
        assert_eq!(
            md5_of_attributes(&attributes).as_deref(),
            Some("235c5c510d26fb653d073faed50ae77c")
        );
        assert_eq!(md5_of_attributes(&BTreeMap::new()), None);
    }
}
