//! The requests that the adapters send to AWS, and how they read the answers.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod aws;
mod server;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::Region;
use aws_sdk_dynamodb::config::Credentials;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::serve::ListenerExt as _;
use function_runtime::aws::{CallLimits, Host as _, LambdaHost};
use order_core::OrderId;
use order_worker::adapters::Aws;
use order_worker::ports::{Events as _, Table as _};
use queue_consumer::marks::{Mark, Marks as _};
use queue_consumer::ports::{Queue, Queues as _};
use serde_json::{Value, json};
use server::{Server, serve};
use tokio::net::TcpListener;
use uuid::Uuid;

const CALLS: CallLimits = CallLimits {
    connect: Duration::from_secs(10),
    attempt: Duration::from_secs(10),
    operation: Duration::from_secs(10),
    max_attempts: 1,
    first_backoff: Duration::ZERO,
};

/// The requests that arrived, each with its operation.
type Seen = Arc<Mutex<Vec<(String, Value)>>>;

/// The adapters in front of a server that gives `answer` to everything.
async fn answering(answer: Value) -> (Aws, Seen, Server) {
    let seen = Seen::default();
    let keep = async move |State(seen): State<Seen>, headers: HeaderMap, body: Bytes| {
        let operation = headers["x-amz-target"].to_str().unwrap().to_owned();
        let request = serde_json::from_slice(&body).unwrap();
        seen.lock().unwrap().push((operation, request));
        answer.to_string()
    };
    let router = Router::new().fallback(keep).with_state(seen.clone());
    let (aws, server) = serve(router).await;
    (aws, seen, server)
}

#[tokio::test]
async fn rows_are_read_consistently_and_unprocessed_keys_are_reported() {
    let ids: Vec<OrderId> = (1..=3)
        .map(|number| OrderId::new(Uuid::from_u128(number)))
        .collect();
    let key = |id: &OrderId| json!({"order_id": {"S": id.to_string()}});
    let answer = json!({
        "Responses": {"orders": [{"order_id": {"S": ids[0].to_string()}, "note": {"S": "n"}}]},
        "UnprocessedKeys": {"orders": {"ConsistentRead": true, "Keys": [key(&ids[2])]}},
    });
    let (aws, seen, _server) = answering(answer).await;
    let read = aws.read_batch(&ids).await.unwrap();
    // The second order has no row. An unprocessed key is different.
    assert_eq!(read.unprocessed, [ids[2]]);
    assert_eq!(read.rows.len(), 1);
    assert_eq!(read.rows[0]["order_id"], json!(ids[0].to_string()));
    assert_eq!(read.rows[0]["note"], json!("n"));
    let seen = seen.lock().unwrap();
    let [(operation, request)] = &seen[..] else {
        panic!("one call")
    };
    assert_eq!(operation, "DynamoDB_20120810.BatchGetItem");
    let asked = &request["RequestItems"]["orders"];
    // An eventually consistent read could miss a row that an insert just reported as a duplicate.
    assert_eq!(asked["ConsistentRead"], json!(true));
    assert_eq!(asked["Keys"], json!(ids.iter().map(key).collect::<Vec<_>>()));
}

#[tokio::test]
async fn a_mark_is_inserted_beside_the_claims_and_one_that_exists_stays() {
    let answer = json!({"Responses": [{}, {"Error": {"Code": "DuplicateItem"}}, {"Error": {"Code": "ThrottlingError"}}]});
    let (aws, seen, _server) = answering(answer).await;
    let mark = |number: u128| Mark {
        order_id: Uuid::from_u128(number),
        error_code: "malformed".to_owned(),
        failed_at: "2026-11-23T09:35:01.000Z".parse().unwrap(),
        accepted_at: "2026-11-23T09:35:00.000Z".parse().unwrap(),
    };
    let answers = aws.mark_dead_letters(&[mark(1), mark(2), mark(3)]).await.unwrap();
    let codes = answers
        .iter()
        .map(|answer| answer.as_ref().err().map(|error| &*error.code));
    assert_eq!(codes.collect::<Vec<_>>(), [None, None, Some("ThrottlingError")]);
    let seen = seen.lock().unwrap();
    let (operation, request) = &seen[0];
    assert_eq!(operation, "DynamoDB_20120810.BatchExecuteStatement");
    let statement = &request["Statements"][0];
    let text = statement["Statement"].as_str().unwrap();
    assert!(text.starts_with("INSERT INTO \"order-claims\" VALUE {"), "{text}");
    let key = json!({"S": format!("failed#{}", Uuid::from_u128(1))});
    assert!(
        statement["Parameters"].as_array().unwrap().contains(&key),
        "{statement}"
    );
}

#[tokio::test]
async fn all_clients_of_a_process_share_one_connection() {
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let listener = listener.tap_io(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    let answer = async move || {
        counter.fetch_add(1, Ordering::Relaxed);
        "{}"
    };
    let router = axum::Router::new().fallback(answer);
    // Ends with the test's runtime.
    tokio::spawn(async move { axum::serve(listener, router).await });
    let loader = CALLS
        .loader()
        .endpoint_url(endpoint)
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"));
    let aws = aws::adapters(&LambdaHost::start().load(loader).await);
    // Not every answer is one of its service, which makes no difference here.
    let _ = aws.insert_batch(&[]).await;
    let _ = aws.publish_batch(&[]).await;
    let _ = aws.send(Queue::Main, &[]).await;
    let _ = aws.read_batch(&[OrderId::new(Uuid::nil())]).await;
    assert_eq!(requests.load(Ordering::Relaxed), 4);
    assert_eq!(connections.load(Ordering::Relaxed), 1);
}
