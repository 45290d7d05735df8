//! The function with buckets and a table in memory, which fail when a test asks for it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use book_cover::RefusalReason;
use function_runtime::CallError;
use image::{DynamicImage, ImageFormat, RgbImage};
use serde_json::{Value, json};

use crate::handler::Failed;
use crate::ports::{Content, Outcome, Ports, Recorded, Upload};
use crate::{CoverResizer, Sequencer};

const ISBN: &str = "9783161484100";

#[derive(Debug, Default)]
struct Memory {
    /// The uploads, each with its entity tag.
    uploads: Mutex<BTreeMap<String, (String, Content)>>,
    covers: Mutex<BTreeMap<String, Vec<u8>>>,
    /// The books, each with its last outcome.
    books: Mutex<BTreeMap<String, Option<(Sequencer, Outcome)>>>,
    /// The port that fails next, by its name.
    fails: Mutex<Option<&'static str>>,
}

impl Memory {
    fn call(&self, name: &str) -> Result<(), CallError> {
        match self.fails.lock().unwrap().take_if(|fails| *fails == name) {
            Some(_) => Err(CallError::new("SlowDown")),
            None => Ok(()),
        }
    }
}

impl Ports for &Memory {
    async fn read(&self, upload: &Upload) -> Result<Content, CallError> {
        self.call("read")?;
        let uploads = self.uploads.lock().unwrap();
        let (etag, content) = &uploads[&upload.key];
        Ok(if *etag == upload.etag {
            content.clone()
        } else {
            Content::Replaced
        })
    }

    async fn write(&self, key: &str, jpeg: Vec<u8>) -> Result<(), CallError> {
        self.call("write")?;
        self.covers.lock().unwrap().insert(key.to_owned(), jpeg);
        Ok(())
    }

    async fn record(
        &self,
        isbn: &str,
        sequencer: &Sequencer,
        outcome: Outcome,
    ) -> Result<Recorded, CallError> {
        self.call("record")?;
        let mut books = self.books.lock().unwrap();
        match books.get_mut(isbn) {
            Some(book) if book.as_ref().is_none_or(|(known, _)| known < sequencer) => {
                *book = Some((sequencer.clone(), outcome));
                Ok(Recorded::Done)
            }
            Some(Some((known, _))) => Ok(Recorded::Known(known.clone())),
            _ => Ok(Recorded::NoBook),
        }
    }

    async fn pictures(&self, isbn: &str) -> Result<Vec<String>, CallError> {
        self.call("pictures")?;
        let folder = format!("covers/{isbn}/");
        let covers = self.covers.lock().unwrap();
        Ok(covers
            .keys()
            .filter(|key| key.starts_with(&folder))
            .cloned()
            .collect())
    }

    async fn remove(&self, keys: Vec<String>) -> Result<(), CallError> {
        self.call("remove")?;
        self.covers.lock().unwrap().retain(|key, _| !keys.contains(key));
        Ok(())
    }
}

/// A shop with one book, and an upload for it.
fn shop(content: Content) -> Memory {
    let memory = Memory::default();
    memory.books.lock().unwrap().insert(ISBN.to_owned(), None);
    memory.upload("first", content);
    memory
}

impl Memory {
    fn upload(&self, etag: &str, content: Content) {
        let mut uploads = self.uploads.lock().unwrap();
        uploads.insert(format!("uploads/{ISBN}"), (etag.to_owned(), content));
    }

    async fn handle(&self, etag: &str, sequencer: &str) -> Result<(), Failed> {
        CoverResizer::new(self)
            .handle(&event(etag, sequencer).to_string())
            .await
    }

    fn outcome(&self) -> Option<Outcome> {
        let books = self.books.lock().unwrap();
        let (_, outcome) = books[ISBN].as_ref()?;
        Some(*outcome)
    }
}

fn event(etag: &str, sequencer: &str) -> Value {
    json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2026-11-29T10:00:00.000Z",
        "eventName": "ObjectCreated:Post", "userIdentity": {"principalId": "AWS:A"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"}, "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "c",
            "bucket": {"name": "up", "ownerIdentity": {"principalId": "A"}, "arn": "arn:aws:s3:::up"},
            "object": {"key": format!("uploads/{ISBN}"), "size": 3, "eTag": etag, "sequencer": sequencer},
        },
    }]})
}

fn picture(width: u32, height: u32) -> Content {
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(RgbImage::new(width, height))
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    Content::File(bytes.into_inner())
}

#[tokio::test]
async fn an_upload_becomes_three_pictures_and_the_book_has_them() {
    let memory = shop(picture(800, 1200));
    memory.handle("first", "0A").await.unwrap();
    let keys: Vec<String> = memory.covers.lock().unwrap().keys().cloned().collect();
    let padded = Sequencer::parse("0A").unwrap();
    assert_eq!(
        keys,
        [160, 320, 640].map(|width| format!("covers/{ISBN}/{padded}-{width}.jpg"))
    );
    let ready = Outcome::Ready {
        width: 640,
        height: 960,
    };
    assert_eq!(memory.outcome(), Some(ready));
}

#[tokio::test]
async fn what_is_no_picture_is_refused_on_the_book_and_not_tried_again() {
    for (content, refusal) in [
        (
            Content::File(b"a text".to_vec()),
            RefusalReason::UnsupportedFormat,
        ),
        (Content::TooLarge, RefusalReason::FileTooLarge),
        (picture(100, 200), RefusalReason::TooSmall),
    ] {
        let memory = shop(content);
        // An invocation that succeeds is not repeated.
        memory.handle("first", "0A").await.unwrap();
        assert_eq!(memory.outcome(), Some(Outcome::Refused(refusal)));
        assert!(memory.covers.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_failed_call_fails_the_invocation_and_the_next_one_finishes() {
    for port in ["read", "write", "record"] {
        let memory = shop(picture(200, 200));
        *memory.fails.lock().unwrap() = Some(port);
        let failed = memory.handle("first", "0A").await;
        assert_eq!(failed, Err(Failed::Call(CallError::new("SlowDown"))), "{port}");
        assert_eq!(memory.outcome(), None);
        memory.handle("first", "0A").await.unwrap();
        assert!(matches!(memory.outcome(), Some(Outcome::Ready { .. })));
    }
}

/// The second upload is refused. Its event comes first, and then that of the first upload, whose file is gone or still there.
#[tokio::test]
async fn the_later_upload_stays_in_whatever_order_the_events_come() {
    let memory = shop(picture(200, 200));
    memory.upload("second", Content::File(b"a text".to_vec()));
    let refused = Some(Outcome::Refused(RefusalReason::UnsupportedFormat));
    memory.handle("second", "0B").await.unwrap();
    memory.handle("first", "0A").await.unwrap();
    assert_eq!(memory.outcome(), refused);
    memory.upload("first", picture(200, 200));
    memory.handle("first", "0A").await.unwrap();
    assert_eq!(memory.outcome(), refused);
    memory.handle("second", "0B").await.unwrap();
    assert_eq!(memory.outcome(), refused);
}

#[tokio::test]
async fn an_upload_for_a_deleted_book_makes_no_book() {
    let memory = shop(picture(200, 200));
    memory.books.lock().unwrap().clear();
    memory.handle("first", "0A").await.unwrap();
    assert!(memory.books.lock().unwrap().is_empty());
    assert_eq!(memory.places(), [""; 0]);
}

impl Memory {
    /// The uploads of which there are pictures, by the digits of their sequencers.
    fn places(&self) -> Vec<String> {
        let covers = self.covers.lock().unwrap();
        let places = covers.keys().map(|key| {
            let name = key.rsplit('/').next().unwrap();
            name.split('-').next().unwrap().trim_end_matches('0').to_owned()
        });
        let mut places: Vec<String> = places.collect();
        places.dedup();
        places
    }
}

/// The pictures of an earlier upload are removed when the book names others, or none. A picture of another book stays.
#[tokio::test]
async fn the_pictures_of_an_earlier_upload_are_removed() {
    let memory = shop(picture(200, 200));
    let other = "covers/9783161484117/01-160.jpg".to_owned();
    memory.covers.lock().unwrap().insert(other.clone(), Vec::new());
    memory.handle("first", "0A").await.unwrap();
    memory.upload("second", picture(300, 300));
    memory.handle("second", "0B").await.unwrap();
    assert_eq!(memory.places(), ["0B", "01"]);
    // The same event again removes nothing.
    memory.handle("second", "0B").await.unwrap();
    assert_eq!(memory.places(), ["0B", "01"]);
    // The event of the first comes late, and its file is still there: its pictures are made and removed.
    memory.upload("first", picture(200, 200));
    memory.handle("first", "0A").await.unwrap();
    assert_eq!(memory.places(), ["0B", "01"]);
    memory.upload("third", Content::File(b"a text".to_vec()));
    memory.handle("third", "0C").await.unwrap();
    assert_eq!(memory.places(), ["01"]);
}

/// A failure fails the invocation, and the next one removes the same pictures.
#[tokio::test]
async fn pictures_that_could_not_be_removed_are_removed_by_the_next_try() {
    for port in ["pictures", "remove"] {
        let memory = shop(picture(200, 200));
        memory.handle("first", "0A").await.unwrap();
        memory.upload("second", picture(300, 300));
        *memory.fails.lock().unwrap() = Some(port);
        memory.handle("second", "0B").await.unwrap_err();
        assert_eq!(memory.places(), ["0A", "0B"], "{port}");
        memory.handle("second", "0B").await.unwrap();
        assert_eq!(memory.places(), ["0B"], "{port}");
    }
}

#[tokio::test]
async fn another_event_fails() {
    let memory = shop(picture(200, 200));
    let failed = CoverResizer::new(&memory)
        .handle(&json!({"Records": "none"}).to_string())
        .await;
    assert!(matches!(failed, Err(Failed::NoEvent(_))));
}
