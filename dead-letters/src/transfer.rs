//! Sending and deleting messages by batch requests.

use std::collections::HashMap;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
};

use crate::scan::BATCH;

/// The most bytes of one batch. SQS takes 1 MiB, older implementations of its protocol 256 KiB. A larger message is sent
/// alone.
const BATCH_BYTES: usize = 256 * 1024;

/// The attributes of failures and retries. A replayed message does not carry them.
const FAILURE_ATTRIBUTES: [&str; 7] = queue_consumer::attribute::ALL;

/// A message to send.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OutgoingMessage {
    /// Its body.
    pub(super) body: String,
    /// Its text and binary attributes.
    pub(super) attributes: HashMap<String, MessageAttributeValue>,
    /// The X-Ray trace header with which it was first sent.
    pub(super) trace: Option<String>,
    /// The message group (`MessageGroupId`) in which it was first sent.
    pub(super) group: Option<String>,
}

impl OutgoingMessage {
    /// A letter as it was before it failed, with another body if one is given.
    pub(super) fn replayed(message: &Message, body: Option<String>) -> Self {
        let mut outgoing = Self::unchanged(message);
        outgoing
            .attributes
            .retain(|name, _| !FAILURE_ATTRIBUTES.contains(&name.as_str()));
        outgoing.body = body.unwrap_or(outgoing.body);
        outgoing
    }

    /// The letter with all its attributes.
    pub(super) fn unchanged(message: &Message) -> Self {
        let system = |name| message.attributes.as_ref()?.get(&name).cloned();
        Self {
            body: message.body.clone().unwrap_or_default(),
            attributes: message.message_attributes.clone().unwrap_or_default(),
            trace: system(MessageSystemAttributeName::AwsTraceHeader),
            group: system(MessageSystemAttributeName::MessageGroupId),
        }
    }

    /// Its size as SQS counts it: the body, and each attribute's name, type and value.
    fn bytes(&self) -> usize {
        let attribute = |(name, value): (&String, &MessageAttributeValue)| {
            let text = value.string_value.as_ref().map_or(0, String::len);
            let binary = value.binary_value.as_ref().map_or(0, |blob| blob.as_ref().len());
            name.len() + value.data_type.len() + text + binary
        };
        self.body.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }

    fn into_entry(self, index: usize) -> anyhow::Result<SendMessageBatchRequestEntry> {
        let entry = SendMessageBatchRequestEntry::builder()
            .id(index.to_string())
            .message_body(self.body)
            .set_message_group_id(self.group)
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

/// Sends messages. Returns for each its new id, or why it failed. If an answer is lost, a message may have been sent
/// although it counts as failed: sending it again may double it, and loses nothing.
pub(super) async fn send(
    sqs: &Client,
    url: &str,
    messages: Vec<OutgoingMessage>,
) -> Vec<Result<String, String>> {
    let sizes: Vec<usize> = messages.iter().map(OutgoingMessage::bytes).collect();
    let mut outcomes: Vec<Result<String, String>> =
        vec![Err("the answer does not mention it".to_owned()); messages.len()];
    let mut messages = messages.into_iter().enumerate();
    for count in split_into_batches(&sizes) {
        let batch: Vec<(usize, OutgoingMessage)> = messages.by_ref().take(count).collect();
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
    batch: Vec<(usize, OutgoingMessage)>,
    outcomes: &mut [Result<String, String>],
) -> Result<(), String> {
    let entries: Result<Vec<_>, _> = batch
        .into_iter()
        .map(|(index, message)| message.into_entry(index))
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

/// Deletes letters. Returns for each why it failed, if it did.
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

/// Splits messages of these sizes into batches of up to ten messages and [`BATCH_BYTES`] bytes, and returns the number of
/// messages in each. A message that is larger makes a batch of its own.
fn split_into_batches(sizes: &[usize]) -> Vec<usize> {
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
            .attributes(MessageSystemAttributeName::MessageGroupId, "g")
            .message_attributes("noise", noise.clone());
        for name in FAILURE_ATTRIBUTES {
            message = message.message_attributes(name, text.clone());
        }
        let message = message.build();
        let replayed = OutgoingMessage::replayed(&message, None);
        assert_eq!(replayed.attributes, HashMap::from([("noise".to_owned(), noise)]));
        assert_eq!(
            (replayed.body.as_str(), replayed.trace.as_deref()),
            ("body", Some("Root=1"))
        );
        assert_eq!(replayed.group.as_deref(), Some("g"));
        assert_eq!(
            OutgoingMessage::replayed(&message, Some("repaired".to_owned())).body,
            "repaired"
        );
        assert_eq!(
            OutgoingMessage::unchanged(&message).attributes.len(),
            FAILURE_ATTRIBUTES.len() + 1
        );
    }

    #[test]
    fn batches_keep_to_ten_and_to_the_bytes() {
        assert_eq!(split_into_batches(&[]), Vec::<usize>::new());
        assert_eq!(split_into_batches(&[1; 25]), [10, 10, 5]);
        assert_eq!(
            split_into_batches(&[BATCH_BYTES, 1, BATCH_BYTES + 1, 1, 1]),
            [1, 1, 1, 2]
        );
        assert_eq!(split_into_batches(&[BATCH_BYTES / 2; 3]), [2, 1]);
    }
}
