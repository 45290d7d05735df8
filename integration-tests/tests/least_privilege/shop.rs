//! The same for the template of the shop, which runs as the only stack here.

use std::time::Duration;

use integration_tests::time_limit::TimeLimit;
use integration_tests::upload_form::UploadForm;
use local_cloud::StartError;
use reqwest::Method;
use serde_json::json;

use crate::statements::is_caused_by;
use crate::system::{System, TEST_TIME_LIMIT};
use crate::template::{self, Owner};

/// The template of the shop as it is deployed.
const TEXT: &str = include_str!("../../../shop/template.yaml");

/// The pages need no bucket here.
const PARAMETERS: [(&str, &str); 1] = [("Hosting", "NONE")];

/// The longest time until a call is denied. Only a failure waits so long.
const DENIAL_TIMEOUT: Duration = Duration::from_mins(5);

/// A photo that is taken as a cover.
const PHOTO: &[u8] = include_bytes!("../../../shop/cover-pictures/tests/turned.jpg");

/// The physical name of the function that makes covers.
const RESIZER: &str = "shop-cover-resizer";

/// Uploads the photo as the cover of the book, by a form that the API signs.
async fn upload_cover(system: &System) {
    let asked = json!({"content_type": "image/jpeg", "size": PHOTO.len()});
    let form = system.post("/books/9783161484100/cover", &asked).await;
    let (Some(url), Some(fields)) = (form["url"].as_str(), form["fields"].as_object()) else {
        return;
    };
    let fields = fields.iter();
    let fields = fields.map(|(name, value)| (name.as_str(), value.as_str().unwrap()));
    system.send_form(url, UploadForm::new(fields, PHOTO)).await;
}

/// Makes a cover, and lets the function fail on another upload until its event is given up.
async fn make_covers(system: &System) {
    upload_cover(system).await;
    system.wait_for_log(RESIZER, r#""outcome":"ready""#).await;
    // Another cover, so that the pictures of the first are removed.
    upload_cover(system).await;
    system.wait_for_log(RESIZER, r#""removed_pictures":3"#).await;
    system.begin_outage("dynamodb:UpdateItem").await;
    upload_cover(system).await;
    system
        .hurry_until_logged(RESIZER, "an upload was not handled", 3)
        .await;
    system.wait_for_messages("shop-covers-failed", "1").await;
    system.end_outage().await;
}

/// Adds, reads, lists, changes and deletes a book, and gives it covers. Returns the statuses.
async fn keep_a_book(system: &System) -> Vec<u16> {
    let mut book = json!({
        "isbn": "9783161484100", "title": "Zinc", "authors": ["Edith Carrow"], "price": "8.90", "currency": "EUR",
    });
    let mut statuses = Vec::new();
    for (method, path) in [
        (Method::POST, "/books"),
        (Method::POST, "/books"),
        (Method::GET, "/books"),
        (Method::GET, "/books/9783161484100"),
        (Method::PUT, "/books/9783161484100"),
        (Method::DELETE, "/books/9783161484100"),
    ] {
        if method == Method::PUT {
            make_covers(system).await;
            book["price"] = json!("9.90");
        }
        statuses.push(system.request(method, path, &book).await);
    }
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn with_all_statements_a_book_is_kept_and_no_call_is_denied() {
    let _limit = TimeLimit::start(TEST_TIME_LIMIT);
    let system = System::start_with(TEXT, &PARAMETERS).await.unwrap();
    assert_eq!(keep_a_book(&system).await, [201, 200, 200, 200, 200, 204]);
    let denials = system.running.denials().all();
    assert!(denials.is_empty(), "{denials:#?}");
    system.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_is_open_and_writing_needs_the_key() {
    let _limit = TimeLimit::start(TEST_TIME_LIMIT);
    let parameters = [PARAMETERS[0], ("WriteAuth", "API_KEY")];
    let system = System::start_with(TEXT, &parameters).await.unwrap();
    let book = json!({
        "isbn": "9783161484100", "title": "Zinc", "authors": ["Edith Carrow"], "price": "8.90", "currency": "EUR",
    });
    let path = "/books/9783161484100";
    for (method, path) in [
        (Method::POST, "/books"),
        // The gateway passes a path with a slash at its end to the catch-all route.
        (Method::POST, "/books/"),
        (Method::PUT, path),
        (Method::DELETE, path),
        (Method::PATCH, "/"),
    ] {
        assert_eq!(
            system.request(method.clone(), path, &book).await,
            403,
            "{method} {path}"
        );
    }
    for (path, status) in [("/", 200), ("/books", 200), ("/books/", 200), (path, 404)] {
        assert_eq!(system.request(Method::GET, path, &book).await, status, "{path}");
    }
    let key = system.running.endpoints().api_key.clone().unwrap();
    assert_eq!(
        system.request_with_key(Method::POST, "/books", &book, &key).await,
        201
    );
    assert_eq!(system.request(Method::GET, path, &book).await, 200);
    system.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_statement_a_call_is_denied() {
    let _limit = TimeLimit::start(TEST_TIME_LIMIT);
    let changes = template::make_changes(TEXT).into_iter();
    // The policy of the bucket, which does not exist here, and the right to record traces, which nobody does here. .ci/tests checks both.
    let changes: Vec<_> = changes
        .filter(|change| !matches!(change.owner, Owner::Resource(_)) && change.sid != "RecordTraces")
        .collect();
    assert!(changes.len() >= 13, "{changes:#?}");
    for change in changes {
        let system = match System::start_with(&change.template, &PARAMETERS).await {
            Ok(system) => system,
            Err(StartError::RoleCannotBeAssumed { role, .. })
                if change.owner == Owner::Trust(role.clone()) =>
            {
                continue;
            }
            Err(error) => panic!("{change}: it does not start: {error}"),
        };
        let denied = system
            .running
            .denials()
            .find(|denial| is_caused_by(&change, denial));
        let used = async {
            keep_a_book(&system).await;
            std::future::pending::<()>().await;
        };
        let outcome = tokio::time::timeout(DENIAL_TIMEOUT, async {
            tokio::select! {
                _denial = denied => {}
                () = used => {}
            }
        });
        assert!(outcome.await.is_ok(), "{change}: everything works without it");
        system.running.stop().await;
    }
}
