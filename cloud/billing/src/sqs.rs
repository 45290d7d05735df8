//! The billing of SQS: requests.
//!
//! Source: the page "Amazon SQS pricing": every action is a request; a request has one to ten messages and up to 256 KB, and each 64 KB
//! chunk of its payload is billed as one request, so an action with 256 KB is billed as four. Requests with a message group to a
//! standard queue (fair queues) cost more. The page does not say whether a receive and a deletion of such a message do; they are
//! counted as if they did.

use serde_json::Value;

use crate::units::Units;
use crate::{CHUNK_BYTES, chunks};

/// The greatest number of messages of one request.
const MAX_MESSAGES: usize = 10;

/// The units of a request with a payload of this size.
#[must_use]
pub fn request(payload_bytes: usize, is_grouped: bool) -> Units {
    counted(chunks(payload_bytes), is_grouped)
}

/// The units of a receive by Lambda's pollers, with the size of each message that it returned.
#[must_use]
pub fn receive(message_bytes: &[usize], is_grouped: bool) -> Units {
    if message_bytes.is_empty() {
        return Units {
            sqs_empty_receives: 1,
            ..Units::default()
        };
    }
    request(message_bytes.iter().sum(), is_grouped)
}

/// The units of the deletion of so many messages, ten in each request.
#[must_use]
pub fn deletion(messages: usize, is_grouped: bool) -> Units {
    counted(messages.div_ceil(MAX_MESSAGES) as u64, is_grouped)
}

/// The units of a call by the bodies of its request and its answer in the JSON protocol.
///
/// A body is never smaller than the payload in it. So only a body of more than one chunk is read.
#[must_use]
pub fn call(operation: &str, request_body: &[u8], answer_body: &[u8]) -> Units {
    let is_grouped = has_key(request_body, b"\"MessageGroupId\":");
    let body = match operation {
        "ReceiveMessage" => answer_body,
        _ => request_body,
    };
    let payload_bytes = if body.len() <= CHUNK_BYTES {
        0
    } else {
        serde_json::from_slice(body).map_or(body.len(), |body: Value| payload(&body))
    };
    request(payload_bytes, is_grouped)
}

fn counted(requests: u64, is_grouped: bool) -> Units {
    Units {
        sqs_requests: requests,
        sqs_grouped_requests: if is_grouped { requests } else { 0 },
        ..Units::default()
    }
}

/// Whether a JSON text has a key. Within a string its last quotation mark would be escaped.
fn has_key(json: &[u8], key: &[u8]) -> bool {
    json.windows(key.len()).any(|window| window == key)
}

/// The bytes of all messages of a request or an answer: of their bodies, and of the names, types and values of their attributes.
fn payload(body: &Value) -> usize {
    let length = |value: &Value| value.as_str().map_or(0, str::len);
    let one = |message: &Value| {
        let attributes = message["MessageAttributes"].as_object();
        let attributes = attributes.into_iter().flatten().map(|(name, attribute)| {
            // Base64 has four characters for three bytes.
            let binary = length(&attribute["BinaryValue"]) / 4 * 3;
            name.len() + length(&attribute["DataType"]) + length(&attribute["StringValue"]) + binary
        });
        length(&message["MessageBody"]) + length(&message["Body"]) + attributes.sum::<usize>()
    };
    let messages = ["Entries", "Messages"].map(|name| body[name].as_array());
    let many: usize = messages.into_iter().flatten().flatten().map(one).sum();
    one(body) + many
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KB: usize = 1024;

    /// The example of the page "Amazon SQS pricing": an action with 256 KB is billed as four requests.
    #[test]
    fn a_payload_of_256_kb_is_four_requests() {
        let requests = |bytes| request(bytes, false).sqs_requests;
        let sizes = [0, 1, 64 * KB, 64 * KB + 1, 256 * KB];
        assert_eq!(sizes.map(requests), [1, 1, 1, 2, 4]);
    }

    #[test]
    fn a_batch_is_billed_by_the_sum_of_its_messages() {
        let entry = |bytes: usize| json!({"Id": "1", "MessageBody": "\"".repeat(bytes)});
        let body = json!({"Entries": [entry(30 * KB), entry(30 * KB)]}).to_string();
        // The quotation marks are escaped, so the body is larger than the payload.
        assert!(body.len() > 64 * KB);
        assert_eq!(call("SendMessageBatch", body.as_bytes(), b"").sqs_requests, 1);
        let body = json!({"Entries": [entry(30 * KB), entry(35 * KB)]}).to_string();
        assert_eq!(call("SendMessageBatch", body.as_bytes(), b"").sqs_requests, 2);
    }

    #[test]
    fn a_receive_is_billed_by_what_it_returns() {
        let answer = json!({"Messages": [{"Body": "x".repeat(65 * KB)}]}).to_string();
        assert_eq!(call("ReceiveMessage", b"{}", answer.as_bytes()).sqs_requests, 2);
        assert_eq!(receive(&[60 * KB, 5 * KB], true).sqs_grouped_requests, 2);
        let empty = receive(&[], true);
        assert_eq!((empty.sqs_requests, empty.sqs_empty_receives), (0, 1));
    }

    #[test]
    fn ten_messages_are_deleted_by_one_request() {
        assert_eq!([1, 10, 11].map(|n| deletion(n, false).sqs_requests), [1, 1, 2]);
    }

    #[test]
    fn a_message_group_is_found_as_a_key_and_not_in_a_body() {
        let grouped = json!({"MessageBody": "b", "MessageGroupId": "g"}).to_string();
        assert_eq!(
            call("SendMessage", grouped.as_bytes(), b"").sqs_grouped_requests,
            1
        );
        let quoted = json!({"MessageBody": grouped}).to_string();
        assert_eq!(
            call("SendMessage", quoted.as_bytes(), b"").sqs_grouped_requests,
            0
        );
    }

    #[test]
    fn the_names_types_and_values_of_attributes_count() {
        let attribute = json!({"DataType": "String", "StringValue": "v".repeat(64 * KB - 8)});
        let body = json!({"MessageBody": "b", "MessageAttributes": {"n": attribute}});
        assert_eq!(payload(&body), 64 * KB);
    }
}
