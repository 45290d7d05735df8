//! The events of S3: which object was written, and for which book.

use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use percent_encoding::percent_decode_str;

use crate::sequencer::Sequencer;

/// The folder of the uploads. The rest of a key is the ISBN.
const FOLDER: &str = "uploads/";

/// A file that somebody uploaded as the cover of a book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The entity tag of the object, without quotes.
    pub etag: String,
    /// The place of the write among those of the key.
    pub sequencer: Sequencer,
    /// The book, by 13 digits.
    pub isbn: String,
}

/// The event is none of S3, or lacks what every event of a new object has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is none of a new object in S3")]
pub struct NoEvent;

/// Reads an event. An object that is no upload of a book is left out: nobody can be told about it.
pub(crate) fn read(event: &str) -> Result<Vec<Upload>, NoEvent> {
    // The error would quote the event.
    let event: S3Event = serde_json::from_str(event).map_err(|_| NoEvent)?;
    let uploads: Result<Vec<Option<Upload>>, NoEvent> = event.records.into_iter().map(upload).collect();
    Ok(uploads?.into_iter().flatten().collect())
}

fn upload(record: S3EventRecord) -> Result<Option<Upload>, NoEvent> {
    let object = record.s3.object;
    let (Some(bucket), Some(key), Some(etag)) = (record.s3.bucket.name, object.key, object.e_tag) else {
        return Err(NoEvent);
    };
    let sequencer = object.sequencer.as_deref().and_then(Sequencer::parse);
    let sequencer = sequencer.ok_or(NoEvent)?;
    let key = decoded(&key).ok_or(NoEvent)?;
    let isbn = key.strip_prefix(FOLDER).filter(|isbn| is_isbn(isbn));
    Ok(isbn.map(str::to_owned).map(|isbn| Upload {
        bucket,
        key,
        etag,
        sequencer,
        isbn,
    }))
}

/// Decodes a key, which S3 encodes as a form does: a space is a plus sign, and a plus sign is `%2B`.
fn decoded(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    let text = percent_decode_str(&spaced).decode_utf8().ok()?;
    Some(text.into_owned())
}

/// Whether a text can be the key of a book. The table knows whether it is.
fn is_isbn(text: &str) -> bool {
    text.len() == 13 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(key: &str, sequencer: &str) -> serde_json::Value {
        json!({"Records": [{
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2026-11-29T10:00:00.000Z",
            "eventName": "ObjectCreated:Post", "userIdentity": {"principalId": "AWS:A"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"}, "responseElements": {},
            "s3": {
                "s3SchemaVersion": "1.0", "configurationId": "c",
                "bucket": {"name": "up", "ownerIdentity": {"principalId": "A"}, "arn": "arn:aws:s3:::up"},
                "object": {"key": key, "size": 3, "eTag": "e", "sequencer": sequencer},
            },
        }]})
    }

    #[test]
    fn an_event_names_the_upload_and_its_book() {
        let upload = &read(&event("uploads/9783161484100", "0A").to_string()).unwrap()[0];
        assert_eq!((upload.bucket.as_str(), upload.etag.as_str()), ("up", "e"));
        assert_eq!(upload.isbn, "9783161484100");
        assert_eq!(upload.key, "uploads/9783161484100");
        assert_eq!(upload.sequencer, Sequencer::parse("0A").unwrap());
    }

    #[test]
    fn an_object_of_no_book_is_left_out() {
        for key in [
            "other",
            "uploads/",
            "uploads/978316148410X",
            "uploads/9783161484100/a",
            "covers/9783161484100",
        ] {
            assert_eq!(read(&event(key, "0A").to_string()), Ok(Vec::new()), "{key}");
        }
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        assert_eq!(
            read(&json!({"Records": [{"body": "x"}]}).to_string()),
            Err(NoEvent)
        );
        assert_eq!(read(&json!({}).to_string()), Err(NoEvent));
        assert_eq!(
            read(&event("uploads/9783161484100", "no number").to_string()),
            Err(NoEvent)
        );
    }

    #[test]
    fn keys_are_decoded_as_s3_encodes_them() {
        assert_eq!(
            decoded("up/red+flower%2B1+%28%C3%BC%29.jpg").as_deref(),
            Some("up/red flower+1 (ü).jpg")
        );
        assert_eq!(decoded("%FF"), None);
    }
}
