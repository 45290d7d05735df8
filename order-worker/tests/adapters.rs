//! What the adapters send to AWS, and what they make of its answers.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod aws;

use std::sync::{Arc, Mutex};

use aws::{Server, serve};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use order_core::{OrderId, Timestamp};
use order_worker::adapters::Aws;
use order_worker::dead_letter::DeadLetter;
use order_worker::judgement::Failure;
use order_worker::ports::{Queues as _, Table as _};
use order_worker::record::{AttributeContent, MessageAttribute, Record};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

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
    let router = Router::new()
        .fallback(keep)
        .layer(DefaultBodyLimit::disable())
        .with_state(seen.clone());
    let (aws, server) = serve(router).await;
    (aws, seen, server)
}

#[tokio::test]
async fn rows_are_read_consistently_and_unprocessed_keys_are_told_apart() {
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
    // The second one does not exist, which is not the same as not having been looked for.
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
    // An old copy could say that a row which was just refused as a duplicate does not exist.
    assert_eq!(asked["ConsistentRead"], json!(true));
    assert_eq!(asked["Keys"], json!(ids.iter().map(key).collect::<Vec<_>>()));
}

#[tokio::test]
async fn a_letter_at_the_limits_of_sqs_is_sent_whole() {
    let mut attributes: Vec<MessageAttribute> = (0..4)
        .map(|number| MessageAttribute {
            name: format!("trace{number}"),
            data_type: "String".to_owned(),
            value: AttributeContent::Text("t".to_owned()),
        })
        .collect();
    attributes.push(MessageAttribute {
        name: "bytes".to_owned(),
        data_type: "Binary".to_owned(),
        value: AttributeContent::Binary(vec![0, 255, 7]),
    });
    let mut record = Record {
        message_id: Some("m".to_owned()),
        receipt_handle: Some("r".to_owned()),
        body: Some(String::new()),
        receive_count: 12,
        attributes,
    };
    let failure = Failure::permanent("malformed", "why");
    let failed_at = Timestamp::new(OffsetDateTime::UNIX_EPOCH);
    let most = 1024 * 1024 - DeadLetter::new(&record, &failure, failed_at).unwrap().size();
    record.body = Some("x".repeat(most + 1));
    assert_eq!(DeadLetter::new(&record, &failure, failed_at), None);
    record.body = Some("x".repeat(most));
    let letter = DeadLetter::new(&record, &failure, failed_at).unwrap();
    assert_eq!((letter.attributes.len(), letter.size()), (10, 1024 * 1024));

    // SQS answers with digests, which the SDK compares with its own where they are given.
    let answer = json!({"Successful": [{"Id": "0", "MessageId": "m", "MD5OfMessageBody": ""}], "Failed": []});
    let (aws, seen, _server) = answering(answer).await;
    assert_eq!(aws.bury(&[&letter]).await, Ok(vec![Ok(())]));
    let seen = seen.lock().unwrap();
    let [(operation, request)] = &seen[..] else {
        panic!("one call")
    };
    assert_eq!(operation, "AmazonSQS.SendMessageBatch");
    let entry = &request["Entries"][0];
    assert_eq!(entry["MessageBody"].as_str().unwrap(), letter.body);
    let sent = entry["MessageAttributes"].as_object().unwrap();
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
