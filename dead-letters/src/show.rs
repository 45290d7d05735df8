//! `dlq show`.

use std::process::ExitCode;

use order_core::Timestamp;
use serde_json::json;
use stack_client::Connection;
use terminal::stdout;
use terminal::text::{sanitize, sanitize_line};
use time::OffsetDateTime;

use crate::age::format_age;
use crate::dead_letter::DeadLetter;
use crate::find::find_message;
use crate::mask;
use crate::orders_table::OrdersTable;
use crate::queue::{DeadLetterQueue, QueueName};
use crate::replay_outcome::{ReplayOutcome, predict_outcomes};
use crate::scan::ReceivedLetter;
use crate::transfer::OutgoingMessage;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Message id or order id, as `dlq list` shows them
    #[arg(value_name = "ID")]
    id: String,
    /// Look in this queue's dead letters only
    #[arg(long)]
    queue: Option<QueueName>,
    /// Show personal data too
    #[arg(long)]
    reveal: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Prints one letter, its failure and the predicted outcome of a replay.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    for queue in DeadLetterQueue::open_selected(connection, arguments.queue).await? {
        let Some(found) = find_message(&queue, &arguments.id).await? else {
            continue;
        };
        let outcome = predict(connection, &found.letter).await;
        let view = View {
            queue: queue.label(),
            letter: &found.letter,
            attributes: attributes(&found, arguments.reveal),
            body: if arguments.reveal {
                mask::indent_json(&found.letter.body)
            } else {
                mask::hide_personal_data(&found.letter.body)
            },
            now: outcome.map_or_else(
                |error| format!("not known: {error:#}"),
                |outcome| outcome.to_string(),
            ),
        };
        if arguments.json {
            stdout::print_document(1, &view.to_json())?;
        } else {
            stdout::print_line(&view.format(Timestamp::new(OffsetDateTime::now_utc()), arguments.reveal))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("no dead letter has the id {}", sanitize_line(&arguments.id));
    Ok(ExitCode::FAILURE)
}

async fn predict(connection: &Connection, letter: &DeadLetter) -> anyhow::Result<ReplayOutcome> {
    let table = OrdersTable::open(connection).await?;
    let mut predict_outcomes = predict_outcomes(letter.queue, &[&letter.body], &table).await?;
    // One body has one outcome.
    predict_outcomes
        .pop()
        .ok_or_else(|| anyhow::anyhow!("the outcome is not known"))
}

/// The attributes that the sender set. Their values are hidden unless `reveal`, since they may hold personal data.
fn attributes(found: &ReceivedLetter, reveal: bool) -> Vec<[String; 3]> {
    let mut attributes: Vec<_> = OutgoingMessage::replayed(&found.message, None)
        .attributes
        .into_iter()
        .map(|(name, value)| {
            let content = match (value.string_value, value.binary_value) {
                (Some(text), _) if reveal => sanitize_line(&text),
                (Some(text), _) => format!("[{} characters, hidden]", text.chars().count()),
                (None, bytes) => format!("[{} bytes]", bytes.map_or(0, |bytes| bytes.as_ref().len())),
            };
            [sanitize_line(&name), sanitize_line(&value.data_type), content]
        })
        .collect();
    attributes.sort();
    attributes
}

/// The parts of a dead letter that are shown.
struct View<'a> {
    queue: &'a str,
    letter: &'a DeadLetter,
    attributes: Vec<[String; 3]>,
    body: String,
    /// The predicted outcome of a replay.
    now: String,
}

impl View<'_> {
    fn format(&self, now: Timestamp, reveal: bool) -> String {
        let letter = self.letter;
        let failed = letter.failed_at().map_or_else(
            || "not known".to_owned(),
            |at| {
                format!(
                    "{at} ({} ago)",
                    format_age(now.unix_milliseconds() - at.unix_milliseconds())
                )
            },
        );
        let mut lines = vec![
            format!("message   {}", letter.message_id),
            format!(
                "order     {}",
                letter
                    .order_id
                    .as_deref()
                    .map_or_else(|| "-".to_owned(), sanitize_line)
            ),
            format!("queue     {}", self.queue),
            format!("reason    {}", sanitize_line(&letter.reason)),
        ];
        lines.extend(
            letter
                .detail
                .as_ref()
                .map(|detail| format!("detail    {}", sanitize_line(detail))),
        );
        lines.push(format!("failed    {failed}"));
        lines.push(format!("received  {}", letter.receive_count));
        lines.extend(
            self.attributes
                .iter()
                .map(|[name, data_type, content]| format!("attribute {name} ({data_type}) {content}")),
        );
        lines.push(format!("now       {}", self.now.replace('\n', "\n          ")));
        lines.push(String::new());
        lines.push(self.body.clone());
        if !reveal {
            lines.push("\nPersonal data is hidden; --reveal shows it.".to_owned());
        }
        sanitize(&lines.join("\n"))
    }

    fn to_json(&self) -> serde_json::Value {
        let attributes = self
            .attributes
            .iter()
            .map(|[name, data_type, content]| json!({ "name": name, "type": data_type, "content": content }));
        json!({
            "message_id": self.letter.message_id,
            "order_id": self.letter.order_id,
            "queue": self.letter.queue,
            "reason": self.letter.reason,
            "detail": self.letter.detail,
            "failed_at": self.letter.failed_at,
            "receive_count": self.letter.receive_count,
            "attributes": attributes.collect::<Vec<_>>(),
            "now": self.now,
            "body": self.body,
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::primitives::Blob;
    use aws_sdk_sqs::types::{Message, MessageAttributeValue};

    use super::*;
    use crate::dead_letter::tests::dead_letter;

    #[test]
    fn a_letter_is_shown_with_its_reason_and_outcome_and_without_personal_data() {
        let value = |data_type: &str| MessageAttributeValue::builder().data_type(data_type);
        let letter = DeadLetter {
            detail: Some("another order has this id".to_owned()),
            body: r#"{"order_id":"0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b","order":{"customer":{"id":"c-1","email":"ada@example.com"}}}"#
                .to_owned(),
            ..dead_letter()
        };
        let message = Message::builder()
            .message_attributes("sender", value("String").string_value("ada").build().unwrap())
            .message_attributes(
                "noise",
                value("Binary").binary_value(Blob::new([0, 255])).build().unwrap(),
            )
            .build();
        let found = ReceivedLetter { letter, message };
        let outcome = ReplayOutcome::Conflict {
            differs: vec!["/note".to_owned()],
        };
        let view = View {
            queue: "orders-dlq",
            letter: &found.letter,
            attributes: attributes(&found, false),
            body: mask::hide_personal_data(&found.letter.body),
            now: outcome.to_string(),
        };
        let now = "2026-11-23T11:36:00.000Z".parse().unwrap();
        insta::assert_snapshot!(view.format(now, false), @r#"
        message   m-1
        order     0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b
        queue     orders-dlq
        reason    conflict
        detail    another order has this id
        failed    2026-11-23T09:35:00.000Z (2 h ago)
        received  1
        attribute noise (Binary) [2 bytes]
        attribute sender (String) [3 characters, hidden]
        now       valid
                  another order is stored under this id; different: /note
                  replaying it unchanged makes it a dead letter again

        {
          "order": {
            "customer": {
              "email": "[hidden]",
              "id": "c-1"
            }
          },
          "order_id": "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b"
        }

        Personal data is hidden; --reveal shows it.
        "#);
    }
}
