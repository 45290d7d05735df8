//! Covers: the pictures of a book come and go with it, and the operator's command makes those that failed.

use integration_tests::upload_form::UploadForm;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Catalogue, book, start};
use crate::system::{Sandbox, System, eventually};

const ISBN: &str = "9783161484100";
const PATH: &str = "/books/9783161484100";

/// A photo that EXIF says to turn.
const PHOTO: &[u8] = include_bytes!("../../../../shop/storefront/browser-tests/turned.jpg");

/// The entity tag of the photo in S3: its MD5.
const ETAG: &str = "41f6a962b16ab10be34238c643bcaab8";

/// A form that uploads a cover of the book.
async fn sign(catalogue: &Catalogue) -> Value {
    let asked = json!({"content_type": "image/jpeg", "size": PHOTO.len()});
    let form = catalogue
        .send(Method::POST, &format!("{PATH}/cover"), None, Some(&asked))
        .await;
    assert_eq!(form.status, 200, "{}", form.body);
    form.body
}

async fn upload(catalogue: &Catalogue, form: &Value) {
    let fields = form["fields"].as_object().unwrap().iter();
    let fields = fields.map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
    let UploadForm { content_type, body } = UploadForm::new(fields, PHOTO);
    let request = catalogue.http.post(form["url"].as_str().unwrap());
    let answer = request.header("content-type", content_type).body(body);
    assert_eq!(answer.send().await.unwrap().status(), 204);
}

/// Waits for pictures other than these, and returns their paths.
async fn wait_for_pictures(catalogue: &Catalogue, before: &[String]) -> Vec<String> {
    eventually("the book has other pictures", async || {
        let read = catalogue.send(Method::GET, PATH, None, None).await;
        let pictures = read.body["cover"]["pictures"].as_array()?.iter();
        let paths: Vec<String> = pictures
            .map(|picture| picture["path"].as_str().unwrap().to_owned())
            .collect();
        (paths != before).then_some(paths)
    })
    .await
}

/// Whether a picture is in the bucket.
async fn is_there(catalogue: &Catalogue, path: &str) -> bool {
    let request = catalogue.http.get(format!("{}/shop/{path}", catalogue.url));
    request.send().await.unwrap().status() == 200
}

async fn wait_until_gone(catalogue: &Catalogue, paths: &[String]) {
    for path in paths {
        eventually(&format!("{path} is removed"), async || {
            (!is_there(catalogue, path).await).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn pictures_that_no_book_names_are_removed() {
    let sandbox = Sandbox::new();
    let (_system, catalogue) = start(&sandbox).await;
    let created = book(ISBN, "The Lighthouse Index");
    let created = catalogue.send(Method::POST, "/books", None, Some(&created)).await;
    assert_eq!(created.status, 201, "{}", created.body);
    upload(&catalogue, &sign(&catalogue).await).await;
    let first = wait_for_pictures(&catalogue, &[]).await;
    assert!(is_there(&catalogue, &first[0]).await);

    upload(&catalogue, &sign(&catalogue).await).await;
    let second = wait_for_pictures(&catalogue, &first).await;
    wait_until_gone(&catalogue, &first).await;
    assert!(is_there(&catalogue, &second[0]).await);

    // A form for a book that is deleted before its upload comes.
    let late = sign(&catalogue).await;
    let deleted = catalogue.send(Method::DELETE, PATH, Some("*"), None).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    wait_until_gone(&catalogue, &second).await;
    upload(&catalogue, &late).await;
    let log = sandbox.data_dir().join("logs/shop-cover-resizer.log");
    eventually("the upload left nothing", async || {
        let log = std::fs::read_to_string(&log).ok()?;
        let mut handled = log
            .lines()
            .filter(|line| line.contains(r#""outcome":"unneeded""#));
        handled
            .next_back()?
            .contains(r#""removed_pictures":3"#)
            .then_some(())
    })
    .await;
}

/// The record that Lambda sends for the event of the photo, as the local system and AWS write it.
fn record() -> String {
    json!({
        "version": "1.0",
        "timestamp": "2026-11-29T10:00:00.000Z",
        "requestContext": {
            "requestId": "fb2df123-6419-47a8-8205-a04f973cd28d",
            "functionArn": "arn:aws:lambda:us-east-1:000000000000:function:shop-cover-resizer:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"Records": [{
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Post",
            "s3": {
                "bucket": {"name": "shop-uploads-000000000000-us-east-1"},
                "object": {"key": format!("uploads/{ISBN}"), "eTag": ETAG, "sequencer": "0000000000000001"},
            },
        }]},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "a call failed: SlowDown", "errorType": "Failed"},
    })
    .to_string()
}

fn failed_covers(system: &System) -> Vec<Value> {
    system.read_json_lines(&["dlq", "list", "--queue", "covers", "--json"])
}

/// The record is sent by the test: Lambda gives an event up after three minutes, and a clock that is moved on would make the letter newer
/// than the replay.
#[tokio::test]
async fn a_cover_that_failed_is_listed_shown_and_replayed() {
    let sandbox = Sandbox::new();
    let (system, catalogue) = start(&sandbox).await;
    let created = book(ISBN, "The Lighthouse Index");
    catalogue.send(Method::POST, "/books", None, Some(&created)).await;
    upload(&catalogue, &sign(&catalogue).await).await;
    let first = wait_for_pictures(&catalogue, &[]).await;
    system.send("shop-covers-failed", &record()).await;

    let [failed] = failed_covers(&system).try_into().unwrap();
    assert_eq!(
        (&failed["reason"], &failed["receive_count"], &failed["order_id"]),
        (&json!("retries_exhausted"), &json!(3), &Value::Null)
    );
    assert_eq!(failed["detail"], "a call failed: SlowDown");
    let shown = system.orderctl(&["dlq", "show", ISBN]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains(&format!("uploads/{ISBN}")), "{shown}");
    let predicted =
        system.read_json_lines(&["dlq", "replay", "--queue", "covers", ISBN, "--dry-run", "--json"]);
    assert_eq!(predicted[0]["outcome"], "resize_again");

    let replayed =
        system.read_json_lines(&["dlq", "replay", "--queue", "covers", "--all", "--yes", "--json"]);
    assert_eq!(replayed[0]["replayed"], 1, "{replayed:?}");
    // The copy is another write, so the pictures are made again, under other names.
    wait_for_pictures(&catalogue, &first).await;
    assert_eq!(failed_covers(&system), [Value::Null; 0]);
}
