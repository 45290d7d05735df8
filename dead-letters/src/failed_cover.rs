//! A cover that cover-resizer could not make, as the shop's queue holds it: the record of an asynchronous invocation that failed.
//!
//! Sources: Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations"; Amazon S3 User Guide, "Event message
//! structure".

use percent_encoding::percent_decode_str;
use serde::Deserialize;

/// The record.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FailedCover {
    /// When Lambda gave up, in RFC 3339.
    pub(super) timestamp: String,
    request_context: RequestContext,
    request_payload: Event,
    response_payload: Option<FunctionError>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext {
    condition: String,
    #[serde(default)]
    approximate_invoke_count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FunctionError {
    error_message: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Vec<EventRecord>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct EventRecord {
    s3: Entity,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    /// As S3 encodes it.
    key: String,
    e_tag: String,
}

/// A file that somebody uploaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upload {
    /// The bucket.
    pub(super) bucket: String,
    /// The key, decoded.
    pub(super) key: String,
    /// The entity tag, without quotes.
    pub(super) etag: String,
}

/// Why a body is no record.
#[derive(Debug, thiserror::Error)]
#[error("not the record of a failed event of S3 (column {column})")]
pub(super) struct NoCover {
    column: usize,
}

impl FailedCover {
    /// Reads the body of a dead letter.
    pub(super) fn from_json(body: &str) -> Result<Self, NoCover> {
        // The text of the JSON error can quote the body.
        serde_json::from_str(body).map_err(|error| NoCover {
            column: error.column(),
        })
    }

    /// Why Lambda gave up: `retries_exhausted` or `event_age_exceeded`.
    pub(super) fn reason(&self) -> String {
        let mut reason = String::new();
        for character in self.request_context.condition.chars() {
            if character.is_ascii_uppercase() && !reason.is_empty() {
                reason.push('_');
            }
            reason.push(character.to_ascii_lowercase());
        }
        reason
    }

    /// The error of the last invocation. There is none if the function was throttled.
    pub(super) fn detail(&self) -> Option<&str> {
        self.response_payload.as_ref()?.error_message.as_deref()
    }

    /// How often Lambda invoked the function.
    pub(super) fn invocations(&self) -> u64 {
        self.request_context.approximate_invoke_count
    }

    /// The uploads of the event.
    pub(super) fn uploads(&self) -> impl Iterator<Item = Upload> {
        self.request_payload.records.iter().map(|record| Upload {
            bucket: record.s3.bucket.name.clone(),
            key: decoded(&record.s3.object.key),
            etag: record.s3.object.e_tag.clone(),
        })
    }

    /// Whether one of the uploads is the cover of the book with this ISBN.
    pub(super) fn is_of_book(&self, isbn: &str) -> bool {
        self.uploads()
            .any(|upload| upload.key.rsplit('/').next() == Some(isbn))
    }
}

/// Decodes a key, which S3 encodes as a form does.
fn decoded(key: &str) -> String {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The record of a failed cover.
    pub(crate) const RECORD: &str = r#"{
        "version": "1.0", "timestamp": "2026-11-29T10:00:00.000Z",
        "requestContext": {"requestId": "r", "functionArn": "arn:aws:lambda:us-east-1:1:function:f:$LATEST",
            "condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": {"Records": [{"s3": {
            "bucket": {"name": "up"}, "object": {"key": "uploads/9783161484100", "eTag": "e", "sequencer": "0A"}}}]},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "a call failed: SlowDown", "errorType": "t"}
    }"#;

    #[test]
    fn a_record_names_its_upload_and_its_reason() {
        let cover = FailedCover::from_json(RECORD).unwrap();
        let upload = Upload {
            bucket: "up".to_owned(),
            key: "uploads/9783161484100".to_owned(),
            etag: "e".to_owned(),
        };
        assert_eq!(cover.uploads().collect::<Vec<_>>(), [upload]);
        assert_eq!(
            (cover.reason().as_str(), cover.detail(), cover.invocations()),
            ("retries_exhausted", Some("a call failed: SlowDown"), 3)
        );
        assert!(cover.is_of_book("9783161484100") && !cover.is_of_book("978"));
        let throttled = RECORD
            .replace("responsePayload", "other")
            .replace("RetriesExhausted", "EventAgeExceeded");
        let cover = FailedCover::from_json(&throttled).unwrap();
        assert_eq!(
            (cover.reason().as_str(), cover.detail()),
            ("event_age_exceeded", None)
        );
        let spaced = RECORD.replace("uploads/9783161484100", "up/red+flower%2B1.jpg");
        let upload = FailedCover::from_json(&spaced).unwrap().uploads().next().unwrap();
        assert_eq!(upload.key, "up/red flower+1.jpg");
    }

    #[test]
    fn another_body_is_no_record() {
        for body in [
            "poison",
            "{}",
            r#"{"Type":"Notification","Message":"ada@example.com"}"#,
        ] {
            let error = FailedCover::from_json(body).unwrap_err().to_string();
            assert!(
                error.starts_with("not the record") && !error.contains("ada"),
                "{error}"
            );
        }
    }
}
