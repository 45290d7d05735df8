//! The billing of SNS: requests, and deliveries.
//!
//! Source: the page "Amazon SNS pricing": each 64 KB chunk of published data is billed as one request, and a `PublishBatch` with ten
//! messages is billed by the sum of their sizes. Deliveries to SQS and Lambda are free, deliveries by email cost. Deliveries to HTTP
//! endpoints cost too, and are not counted: the template has none.

use crate::units::Units;
use crate::{CHUNK_BYTES, chunks};

/// The parts of a form that are published, by the end of their keys.
const PUBLISHED: [&str; 6] = [
    "Message",
    "Subject",
    "Name",
    "DataType",
    "StringValue",
    "BinaryValue",
];

/// The units of a call by the form of its request, in the Query protocol.
///
/// A form is never smaller than the payload in it. So only a form of more than one chunk is read.
#[must_use]
pub fn call(form: &[u8]) -> Units {
    let payload_bytes = if form.len() <= CHUNK_BYTES {
        0
    } else {
        payload(form)
    };
    Units {
        sns_requests: chunks(payload_bytes),
        ..Units::default()
    }
}

/// The units of so many emails.
#[must_use]
pub fn emails(number: u64) -> Units {
    Units {
        sns_emails: number,
        ..Units::default()
    }
}

fn payload(form: &[u8]) -> usize {
    let fields = form_urlencoded::parse(form);
    let published = fields.filter(|(key, _)| {
        let last = key.rsplit('.').next().unwrap_or_default();
        PUBLISHED.contains(&last)
    });
    published.map(|(_, value)| value.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(messages: &[String]) -> Units {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", "PublishBatch");
        for (number, message) in (1..).zip(messages) {
            form.append_pair(
                &format!("PublishBatchRequestEntries.member.{number}.Message"),
                message,
            );
        }
        call(form.finish().as_bytes())
    }

    #[test]
    fn a_batch_is_billed_by_chunks_of_its_sum() {
        let message = |kilobytes: usize| "{".repeat(kilobytes * 1024);
        // Each brace takes three bytes of the form.
        assert_eq!(publish(&[message(30), message(30)]).sns_requests, 1);
        assert_eq!(publish(&[message(30), message(35)]).sns_requests, 2);
        assert_eq!(publish(&[message(256)]).sns_requests, 4);
        assert_eq!(publish(&[]).sns_requests, 1);
    }
}
