//! Looking through a dead-letter queue, which can only be done by receiving from it.

use std::collections::HashSet;

use anyhow::Context;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName};

use super::letter::Letter;
use super::queue::DeadLetterQueue;

/// Seconds for which a looked-at message stays hidden if we do not come to give it back.
const VISIBILITY_SECONDS: i32 = 30;
/// Messages of one receive, and of one batch call: the most that SQS takes.
const BATCH: usize = 10;

/// The messages of a dead-letter queue, hidden from other receivers until they are given back.
#[derive(Debug)]
pub(crate) struct Held {
    /// Each message once.
    pub(crate) messages: Vec<Message>,
}

/// The letters of a queue; all of them are given back at once.
pub(crate) async fn letters(queue: &DeadLetterQueue) -> anyhow::Result<Vec<Letter>> {
    let held = hold(queue).await?;
    let letters = held
        .messages
        .iter()
        .map(|message| Letter::read(queue.name, message))
        .collect();
    give_back(&queue.sqs, &queue.url, &held.messages).await?;
    Ok(letters)
}

/// Receives until nothing new comes. What was received before an error is given back.
pub(crate) async fn hold(queue: &DeadLetterQueue) -> anyhow::Result<Held> {
    let (name, url, sqs) = (queue.label(), &queue.url, &queue.sqs);
    let mut seen = HashSet::new();
    let mut messages = Vec::new();
    loop {
        let received = sqs
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .visibility_timeout(VISIBILITY_SECONDS)
            .wait_time_seconds(0)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await;
        let received = match received {
            Ok(answer) => answer.messages.unwrap_or_default(),
            Err(error) => {
                // The first error is the one to tell; what cannot be given back comes back by itself.
                let _ = give_back(sqs, url, &messages).await;
                return Err(error).with_context(|| format!("{name} cannot be read"));
            }
        };
        // In a long queue the first ones are visible again before the last is seen: then everything was seen.
        let before = messages.len();
        messages.extend(
            received
                .into_iter()
                .filter(|message| seen.insert(message.message_id.clone())),
        );
        if messages.len() == before {
            return Ok(Held { messages });
        }
    }
}

/// Makes messages visible again at once. One that has become visible by itself is no error.
pub(crate) async fn give_back(sqs: &Client, url: &str, messages: &[Message]) -> anyhow::Result<()> {
    for chunk in messages.chunks(BATCH) {
        let mut request = sqs.change_message_visibility_batch().queue_url(url);
        for (index, message) in chunk.iter().enumerate() {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder()
                .id(index.to_string())
                .set_receipt_handle(message.receipt_handle.clone())
                .visibility_timeout(0)
                .build()?;
            request = request.entries(entry);
        }
        request
            .send()
            .await
            .context("messages that were looked at could not be given back at once")?;
    }
    Ok(())
}
