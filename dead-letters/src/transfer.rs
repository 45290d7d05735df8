//! Sending and deleting in batches.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};

use crate::scan::BATCH;

/// Bytes of one batch. SQS takes 1 MiB, older implementations of its protocol 256 KiB; a larger message goes alone.
const BATCH_BYTES: usize = 256 * 1024;

/// The attributes that tell of the failure; a replayed message begins anew.
const FAILURE_ATTRIBUTES: [&str; 5] = queue_consumer::dead_letter::attribute::ALL;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outgoing {
    /// Its body.
    pub(super) body: String,
    /// Its attributes, text and binary.
    pub(super) attributes: HashMap<String, MessageAttributeValue>,
    /// The X-Ray header that it was first sent with.
    pub(super) trace: Option<String>,
}

impl Outgoing {
    /// A letter as it was before it failed, perhaps with another body.
    pub(super) fn replayed(message: &Message, body: Option<String>) -> Self {
        let mut outgoing = Self::unchanged(message);
        outgoing
            .attributes
            .retain(|name, _| !FAILURE_ATTRIBUTES.contains(&name.as_str()));
        outgoing.body = body.unwrap_or(outgoing.body);
        outgoing
    }

    /// A message with all its attributes.
    pub(super) fn unchanged(message: &Message) -> Self {
        let system = message.attributes.as_ref();
        Self {
            body: message.body.clone().unwrap_or_default(),
            attributes: message.message_attributes.clone().unwrap_or_default(),
            trace: system.and_then(|all| all.get(&MessageSystemAttributeName::AwsTraceHeader).cloned()),
        }
    }

    /// What it counts towards the limits: body, and each attribute's name, type and value.
    fn bytes(&self) -> usize {
        let attribute = |(name, value): (&String, &MessageAttributeValue)| {
            let text = value.string_value.as_ref().map_or(0, String::len);
            let binary = value.binary_value.as_ref().map_or(0, |blob| blob.as_ref().len());
            name.len() + value.data_type.len() + text + binary
        };
        self.body.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }

    fn entry(self, index: usize) -> anyhow::Result<SendMessageBatchRequestEntry> {
        let entry = SendMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .message_body(self.body)
            .set_message_attributes(Some(self.attributes));
        let entry = match self.trace {
            None => entry,
            Some(trace) => entry.message_system_attributes(
                MessageSystemAttributeNameForSends::AwsTraceHeader,
                MessageSystemAttributeValue::builder()
                    .data_type("String")
                    .string_value(trace)
                    .build()?,
            ),
        };
        Ok(entry.build()?)
    }
}

/// Sends messages; for each the id that it got, or why it was not sent. After a lost answer a message that is said to
/// have failed may have been sent: whoever tries again may double it, and loses nothing.
pub(super) async fn send(sqs: &Client, url: &str, messages: Vec<Outgoing>) -> Vec<Result<String, String>> {
    let sizes: Vec<usize> = messages.iter().map(Outgoing::bytes).collect();
    let mut outcomes: Vec<Result<String, String>> =
        vec![Err("no answer told of it".to_owned()); messages.len()];
    let mut messages = messages.into_iter().enumerate();
    for count in batches(&sizes) {
        let batch: Vec<(usize, Outgoing)> = messages.by_ref().take(count).collect();
        let indices: Vec<usize> = batch.iter().map(|(index, _)| *index).collect();
        if let Err(error) = send_batch(sqs, url, batch, &mut outcomes).await {
            for index in indices {
                outcomes[index] = Err(error.clone());
            }
        }
    }
    outcomes
}

async fn send_batch(
    sqs: &Client,
    url: &str,
    batch: Vec<(usize, Outgoing)>,
    outcomes: &mut [Result<String, String>],
) -> Result<(), String> {
    let entries: Result<Vec<_>, _> = batch
        .into_iter()
        .map(|(index, message)| message.entry(index))
        .collect();
    let answer = sqs
        .send_message_batch()
        .queue_url(url)
        .set_entries(Some(entries.map_err(|error| format!("{error:#}"))?))
        .send()
        .await
        .map_err(|error| DisplayErrorContext(&error).to_string())?;
    for sent in answer.successful {
        if let Some(outcome) = sent
            .id
            .parse()
            .ok()
            .and_then(|index: usize| outcomes.get_mut(index))
        {
            *outcome = Ok(sent.message_id);
        }
    }
    for failed in answer.failed {
        if let Some(outcome) = failed
            .id
            .parse()
            .ok()
            .and_then(|index: usize| outcomes.get_mut(index))
        {
            *outcome = Err(failed.message.unwrap_or(failed.code));
        }
    }
    Ok(())
}

/// Deletes letters; for each whether it is gone, or why not.
pub(super) async fn delete(sqs: &Client, url: &str, receipts: &[&str]) -> Vec<Result<(), String>> {
    let mut outcomes = Vec::with_capacity(receipts.len());
    for chunk in receipts.chunks(BATCH) {
        let entries: Vec<DeleteMessageBatchRequestEntry> = chunk
            .iter()
            .enumerate()
            .filter_map(|(index, receipt)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(*receipt)
                    .build()
                    .ok()
            })
            .collect();
        let request = sqs
            .delete_message_batch()
            .queue_url(url)
            .set_entries(Some(entries));
        let mut chunk_outcomes = vec![Ok(()); chunk.len()];
        match request.send().await {
            Ok(answer) => {
                for failed in answer.failed {
                    let outcome = failed
                        .id
                        .parse()
                        .ok()
                        .and_then(|index: usize| chunk_outcomes.get_mut(index));
                    if let Some(outcome) = outcome {
                        *outcome = Err(failed.message.unwrap_or(failed.code));
                    }
                }
            }
            Err(error) => chunk_outcomes.fill(Err(DisplayErrorContext(&error).to_string())),
        }
        outcomes.extend(chunk_outcomes);
    }
    outcomes
}

/// How many of the next messages make a batch each: up to ten, and up to [`BATCH_BYTES`] unless one alone is larger.
fn batches(sizes: &[usize]) -> Vec<usize> {
    let mut counts = Vec::new();
    let (mut count, mut bytes) = (0, 0);
    for size in sizes {
        if count == BATCH || (count > 0 && bytes + size > BATCH_BYTES) {
            counts.push(count);
            (count, bytes) = (0, 0);
        }
        count += 1;
        bytes += size;
    }
    if count > 0 {
        counts.push(count);
    }
    counts
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::primitives::Blob;

    use super::*;

    fn value(data_type: &str) -> aws_sdk_sqs::types::builders::MessageAttributeValueBuilder {
        MessageAttributeValue::builder().data_type(data_type)
    }

    #[test]
    fn a_replayed_message_keeps_its_own_attributes_only() {
        let text = value("String").string_value("x").build().unwrap();
        let noise = value("Binary.png")
            .binary_value(Blob::new([0, 255, 7]))
            .build()
            .unwrap();
        let mut message = Message::builder()
            .body("body")
            .attributes(MessageSystemAttributeName::AwsTraceHeader, "Root=1")
            .message_attributes("noise", noise.clone());
        for name in FAILURE_ATTRIBUTES {
            message = message.message_attributes(name, text.clone());
        }
        let message = message.build();
        let replayed = Outgoing::replayed(&message, None);
        assert_eq!(replayed.attributes, HashMap::from([("noise".to_owned(), noise)]));
        assert_eq!(
            (replayed.body.as_str(), replayed.trace.as_deref()),
            ("body", Some("Root=1"))
        );
        assert_eq!(
            Outgoing::replayed(&message, Some("mended".to_owned())).body,
            "mended"
        );
        assert_eq!(Outgoing::unchanged(&message).attributes.len(), 6);
    }

    #[test]
    fn batches_keep_to_ten_and_to_the_bytes() {
        assert_eq!(batches(&[]), Vec::<usize>::new());
        assert_eq!(batches(&[1; 25]), [10, 10, 5]);
        assert_eq!(batches(&[BATCH_BYTES, 1, BATCH_BYTES + 1, 1, 1]), [1, 1, 1, 2]);
        assert_eq!(batches(&[BATCH_BYTES / 2; 3]), [2, 1]);
    }
}
