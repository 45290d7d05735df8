//! An invocation's event, and its answer (`ReportBatchItemFailures`).
//!
//! Source: AWS, "Using Lambda with Amazon SQS" and "Handling errors for an SQS event source in Lambda". The event arrives as
//! text, because the runtime's own decoding errors quote values of the payload.

use std::collections::BTreeSet;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use json_document::Value;

use crate::record::Record;

/// Why an invocation fails as a whole. The whole batch then returns to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The event is not a JSON document, or has no list `Records`.
    #[error("the event has no list Records; this function is invoked by an SQS queue")]
    NoRecords,
    /// A record without `messageId` failed. Lambda deletes a record that the answer leaves out, and an empty id in the answer
    /// makes the whole batch fail.
    #[error("a record without a messageId is not done and cannot be reported")]
    Unreportable,
}

/// Reads an event's records.
pub fn read(event: &str) -> Result<Vec<Record>, BatchError> {
    let event = json_document::parse(event.as_bytes()).map_err(|_| BatchError::NoRecords)?;
    match event.get("Records") {
        Some(Value::Array(records)) => Ok(records.iter().map(Record::read).collect()),
        _ => Err(BatchError::NoRecords),
    }
}

/// The answer that names the records that failed, each once. Lambda returns them to the queue and deletes all others. An
/// empty or an unknown id would make the whole batch fail.
pub fn respond<'a>(failed: impl IntoIterator<Item = &'a Record>) -> Result<SqsBatchResponse, BatchError> {
    let ids: Option<BTreeSet<&str>> = failed
        .into_iter()
        .map(|record| record.message_id.as_deref())
        .collect();
    let mut response = SqsBatchResponse::default();
    for id in ids.ok_or(BatchError::Unreportable)? {
        response.add_failure(id);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn another_event_is_refused_without_quoting_it() {
        for event in [
            json!("ada@example.com"),
            json!([]),
            json!({"records": ["ada@example.com"]}),
        ] {
            assert_eq!(read(&event.to_string()), Err(BatchError::NoRecords));
        }
        assert_eq!(read("ada@example.com"), Err(BatchError::NoRecords));
        assert!(!BatchError::NoRecords.to_string().contains("ada"));
        assert_eq!(read(r#"{"Records": []}"#), Ok(Vec::new()));
    }

    #[test]
    fn a_misshapen_record_harms_no_other() {
        let records = read(r#"{"Records": [7, {}, {"messageId": "m", "body": "b"}]}"#).unwrap();
        let ids: Vec<_> = records
            .iter()
            .map(|record| record.message_id.as_deref())
            .collect();
        assert_eq!(ids, [None, None, Some("m")]);
    }

    #[test]
    fn each_failed_message_is_named_once_and_none_without_an_id() {
        let records =
            read(r#"{"Records": [{"messageId": "b"}, {"messageId": "a"}, {"messageId": "b"}, {}]}"#).unwrap();
        let response = serde_json::to_value(respond(&records[..3]).unwrap()).unwrap();
        let expected = json!({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]});
        assert_eq!(response, expected);
        assert_eq!(respond(&records), Err(BatchError::Unreportable));
        let response = serde_json::to_value(respond([]).unwrap()).unwrap();
        assert_eq!(response, json!({"batchItemFailures": []}));
    }
}
