//! Tests what a power cut leaves of the two databases.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use cloud_store::{Barrier, Durability};
use serde_json::{Value, json};

use crate::services::{Services, ServicesConfig};

async fn open(directory: &Path) -> Services {
    let config = ServicesConfig {
        directory: Some(directory.to_owned()),
        durability: Durability::Process,
        base_url: String::new(),
        region: "us-east-1".to_owned(),
        confirm_emails: true,
        access_keys: cloud_iam::AccessKeys::default(),
    };
    Services::open(config).await.unwrap()
}

async fn dynamodb(services: &Services, operation: &str, request: Value) -> Value {
    let mut headers = http::HeaderMap::new();
    let target = format!("DynamoDB_20120810.{operation}");
    headers.insert("x-amz-target", target.parse().unwrap());
    headers.insert("content-type", "application/x-amz-json-1.0".parse().unwrap());
    let authorization = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, \
                         SignedHeaders=host, Signature=00";
    headers.insert("authorization", authorization.parse().unwrap());
    headers.insert("x-amz-date", "20260101T000000Z".parse().unwrap());
    let answer = services
        .dynamodb
        .call(&headers, Bytes::from(request.to_string()))
        .await;
    assert!(answer.status().is_success(), "{:?}", answer.body());
    serde_json::from_slice(answer.body()).unwrap()
}

/// The power is cut when all of `state.db` has reached the disk, and of `dynamodb.db` only what was asked for.
#[tokio::test]
async fn a_power_cut_never_keeps_a_deletion_without_the_row() {
    let directory = tempfile::tempdir().unwrap();
    let services = open(directory.path()).await;
    let log = services.table_log.clone().unwrap();
    services.sqs.converge_queue("q", [].into()).await.unwrap();
    let table = json!({
        "TableName": "rows",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    });
    services.dynamodb.converge_table(table, None).await.unwrap();
    for number in 0..20 {
        let send = json!({"QueueUrl": "q", "MessageBody": number.to_string()}).to_string();
        cloud_sqs::protocol::call(&services.sqs, "SendMessage", send.as_bytes(), "")
            .await
            .unwrap();
        let message = services
            .sqs
            .receive("q", 1, Duration::ZERO)
            .await
            .unwrap()
            .remove(0);
        let item = json!({"TableName": "rows", "Item": {"id": {"S": number.to_string()}}});
        dynamodb(&services, "PutItem", item).await;
        services
            .sqs
            .delete("q", vec![message.receipt_handle])
            .await
            .unwrap();

        let after = tempfile::tempdir().unwrap();
        for name in ["state.db", "state.db-wal", "dynamodb.db", "dynamodb.db-wal"] {
            std::fs::copy(directory.path().join(name), after.path().join(name)).unwrap();
        }
        let on_disk = File::options()
            .write(true)
            .open(after.path().join("dynamodb.db-wal"))
            .unwrap();
        on_disk.set_len(log.synced_bytes.load(Ordering::Relaxed)).unwrap();
        let survivor = open(after.path()).await;
        let key = json!({"TableName": "rows", "Key": {"id": {"S": number.to_string()}}});
        let row = dynamodb(&survivor, "GetItem", key).await;
        assert!(
            row["Item"].is_object(),
            "message {number} is gone, and so is its row"
        );
        survivor.close().await;
    }
    services.close().await;
}

/// Prints what the order costs. Run it with `--ignored --nocapture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn measure_deletions() {
    let directory = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    for with_barrier in [true, false] {
        let services = open(directory.path()).await;
        if !with_barrier {
            services.sqs.store().replace_barrier(Barrier::new(|| Ok(())));
        }
        services.sqs.converge_queue("q", [].into()).await.unwrap();
        for _ in 0..1000 {
            let send = json!({"QueueUrl": "q", "MessageBody": "one"}).to_string();
            cloud_sqs::protocol::call(&services.sqs, "SendMessage", send.as_bytes(), "")
                .await
                .unwrap();
        }
        let mut handles = Vec::new();
        while handles.len() < 1000 {
            let received = services.sqs.receive("q", 10, Duration::ZERO).await.unwrap();
            handles.extend(received.into_iter().map(|message| message.receipt_handle));
        }
        let begun = std::time::Instant::now();
        for ten in handles.chunks(10) {
            services.sqs.delete("q", ten.to_vec()).await.unwrap();
        }
        println!(
            "barrier {with_barrier}: {:?} for a deletion of ten",
            begun.elapsed() / 100
        );
        services.close().await;
    }
}
