//! `POST /books/{isbn}/cover`.

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};

use super::*;

const COVER: &str = "/books/9783161484100/cover";

fn photo() -> Value {
    json!({"content_type": "image/jpeg", "size": 1234})
}

#[tokio::test]
async fn a_form_is_signed_for_a_book_that_is_there() {
    let api = api();
    assert_eq!(api.send("POST", COVER, &[], &photo()).await.status, 404);
    api.send("POST", "/books", &[], &book()).await;
    let answer = api.send("POST", COVER, &[], &photo()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body["fields"]["key"],
        json!("uploads/9783161484100"),
        "{:#}",
        answer.body
    );
    assert_eq!(answer.body["fields"]["Content-Type"], "image/jpeg");
    assert_eq!(answer.body["expires_at"], "2026-11-29T12:10:00.000Z");
    // A form is a right. Nobody but the client may keep it.
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn violations_are_listed_and_other_methods_refused() {
    let api = api();
    api.send("POST", "/books", &[], &book()).await;
    let wrong = json!({"content_type": "text/plain", "size": 0});
    let answer = api.send("POST", COVER, &[], &wrong).await;
    let pointers: Vec<&Value> = answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["pointer"])
        .collect();
    assert_eq!(
        (answer.status, pointers),
        (422, vec![&json!("/content_type"), &json!("/size")])
    );
    let other = api.get(COVER).await;
    assert_eq!((other.status, other.header("allow")), (405, "POST, OPTIONS"));
}

#[derive(Debug)]
struct Away;

impl ProvideCredentials for Away {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("away")))
    }
}

#[tokio::test]
async fn without_credentials_the_client_may_try_again() {
    let api = api_of(SharedCredentialsProvider::new(Away));
    api.send("POST", "/books", &[], &book()).await;
    let answer = api.send("POST", COVER, &[], &photo()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "1"));
}
