//! The requests that the adapter sends to SQS, and how it reads the answers.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region};
use aws_sdk_sqs::config::Credentials;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use function_runtime::CallError;
use queue_consumer::adapters::{QueueUrls, Sqs};
use queue_consumer::failure::Failure;
use queue_consumer::outgoing::Outgoing;
use queue_consumer::ports::{Queue, Queues as _, VisibilityChange};
use queue_consumer::record::{Attribute, AttributeValue, Record};
use serde_json::{Value, json};
use time::OffsetDateTime;
use timestamp::Timestamp;
use tokio::task::AbortHandle;

/// The requests that arrived, each with its operation.
type Seen = Arc<Mutex<Vec<(String, Value)>>>;

/// Ends the server with the test.
struct Server(AbortHandle);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The adapter in front of a server that gives `answer` to everything.
async fn answering(answer: Value) -> (Sqs, Seen, Server) {
    let seen = Seen::default();
    let keep = async move |State(seen): State<Seen>, headers: HeaderMap, body: Bytes| {
        let operation = headers["x-amz-target"].to_str().unwrap().to_owned();
        let request = serde_json::from_slice(&body).unwrap();
        seen.lock().unwrap().push((operation, request));
        answer.to_string()
    };
    let router = Router::new()
        .fallback(keep)
        .layer(DefaultBodyLimit::disable())
        .with_state(seen.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let sdk = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
        .load()
        .await;
    let url = |name| format!("http://127.0.0.1/000000000000/{name}");
    let urls = QueueUrls {
        main: url("orders"),
        retry: url("orders-retry"),
        dead_letter: url("orders-dlq"),
    };
    let sqs = Sqs::new(&sdk, urls);
    (sqs, seen, Server(server.abort_handle()))
}

/// The one call that was made: its operation, its queue, and its entries.
fn one_call(seen: &Seen) -> (String, String, Value) {
    let seen = seen.lock().unwrap();
    let [(operation, request)] = &seen[..] else {
        panic!("one call")
    };
    let queue = request["QueueUrl"].as_str().unwrap().rsplit_once('/').unwrap().1;
    (operation.clone(), queue.to_owned(), request["Entries"].clone())
}

#[tokio::test]
async fn a_dead_letter_at_the_limits_of_sqs_is_sent_whole() {
    let bytes = Attribute {
        data_type: "Binary".to_owned(),
        value: AttributeValue::Binary(vec![0, 255, 7]),
    };
    let mut record = Record {
        message_id: Some("m".to_owned()),
        receipt_handle: Some("r".to_owned()),
        body: Some(String::new()),
        receive_count: 12,
        attributes: (0..4)
            .map(|number| (format!("trace{number}"), Attribute::text("t")))
            .chain([("bytes".to_owned(), bytes)])
            .collect(),
        ..Record::default()
    };
    let failure = Failure::new("malformed", "why");
    let failed_at = Timestamp::new(OffsetDateTime::UNIX_EPOCH);
    let max = 1024 * 1024
        - Outgoing::dead_letter(&record, &failure, failed_at)
            .unwrap()
            .size();
    record.body = Some("x".repeat(max + 1));
    assert_eq!(Outgoing::dead_letter(&record, &failure, failed_at), None);
    record.body = Some("x".repeat(max));
    let dead_letter = Outgoing::dead_letter(&record, &failure, failed_at).unwrap();
    assert_eq!(
        (dead_letter.attributes().len(), dead_letter.size()),
        (10, 1024 * 1024)
    );

    // SQS answers with digests, which the SDK compares with its own where they are given.
    let answer = json!({"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": ""}], "Failed": []});
    let (sqs, seen, _server) = answering(answer).await;
    assert_eq!(
        sqs.send(Queue::DeadLetter, &[&dead_letter]).await,
        Ok(vec![Ok(())])
    );
    let (operation, queue, entries) = one_call(&seen);
    assert_eq!(
        (&*operation, &*queue),
        ("AmazonSQS.SendMessageBatch", "orders-dlq")
    );
    assert_eq!(entries[0]["MessageBody"].as_str().unwrap(), dead_letter.body());
    let sent = entries[0]["MessageAttributes"].as_object().unwrap();
    assert_eq!(sent.len(), 10);
    assert_eq!(
        sent["bytes"],
        json!({"DataType": "Binary", "BinaryValue": STANDARD.encode([0, 255, 7])})
    );
    assert_eq!(
        sent["receive_count"],
        json!({"DataType": "Number", "StringValue": "12"})
    );
}

#[tokio::test]
async fn a_message_is_sent_again_with_its_delay() {
    let record = Record {
        body: Some("body".to_owned()),
        receive_count: 2,
        ..Record::default()
    };
    let now = Timestamp::new(OffsetDateTime::UNIX_EPOCH);
    let retry = Outgoing::retry(&record, "ThrottlingError", now, 900).unwrap();
    for (to, name) in [(Queue::Main, "orders"), (Queue::Retry, "orders-retry")] {
        let answer = json!({"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": ""}]});
        let (sqs, seen, _server) = answering(answer).await;
        assert_eq!(sqs.send(to, &[&retry]).await, Ok(vec![Ok(())]));
        let (_, queue, entries) = one_call(&seen);
        assert_eq!((&*queue, &entries[0]["DelaySeconds"]), (name, &json!(900)));
    }
}

#[tokio::test]
async fn a_dead_letter_and_a_retry_keep_their_group_and_their_trace() {
    let trace = "Root=1-67891233-abcdef012345678912345678;Sampled=1";
    let traced = Record {
        body: Some("body".to_owned()),
        receive_count: 2,
        group_id: Some("g".to_owned()),
        trace_header: Some(trace.to_owned()),
        ..Record::default()
    };
    let plain = Record {
        group_id: None,
        trace_header: None,
        ..traced.clone()
    };
    let now = Timestamp::new(OffsetDateTime::UNIX_EPOCH);
    let failure = Failure::new("malformed", "why");
    let dead_letter = |record| Outgoing::dead_letter(record, &failure, now).unwrap();
    let retry = |record| Outgoing::retry(record, "ThrottlingError", now, 5).unwrap();
    for (to, messages) in [
        (Queue::DeadLetter, [dead_letter(&traced), dead_letter(&plain)]),
        (Queue::Main, [retry(&traced), retry(&plain)]),
    ] {
        let answer = json!({"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": ""}]});
        let (sqs, seen, _server) = answering(answer).await;
        sqs.send(to, &[&messages[0], &messages[1]]).await.unwrap();
        let (_, _, entries) = one_call(&seen);
        let system = |index: usize| {
            let entry = &entries[index];
            (
                entry["MessageGroupId"].clone(),
                entry["MessageSystemAttributes"].clone(),
            )
        };
        let header = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": trace}});
        assert_eq!(system(0), (json!("g"), header));
        assert_eq!(system(1), (Value::Null, Value::Null));
    }
}

#[tokio::test]
async fn messages_are_put_off_in_their_queue_each_by_its_receipt_handle() {
    // The second one's answer comes first, and the third one has none.
    let answer = json!({
        "Successful": [{"Id": "1"}],
        "Failed": [{"Id": "0", "Code": "InternalError", "SenderFault": false}],
    });
    let expected = Ok(vec![
        Err(CallError::new("InternalError")),
        Ok(()),
        Err(CallError::new("no_answer")),
    ]);
    let changes: Vec<VisibilityChange> = (0..3_u32)
        .map(|number| VisibilityChange {
            receipt_handle: format!("r{number}"),
            seconds: 5 + number,
        })
        .collect();
    for (of, name) in [(Queue::Main, "orders"), (Queue::Retry, "orders-retry")] {
        let (sqs, seen, _server) = answering(answer.clone()).await;
        assert_eq!(sqs.change_visibility(of, &changes).await, expected);
        let (operation, queue, entries) = one_call(&seen);
        assert_eq!(
            (&*operation, &*queue),
            ("AmazonSQS.ChangeMessageVisibilityBatch", name)
        );
        assert_eq!(
            entries[2],
            json!({"Id": "2", "ReceiptHandle": "r2", "VisibilityTimeout": 7})
        );
    }
}
