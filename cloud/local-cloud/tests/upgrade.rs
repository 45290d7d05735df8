//! Tests that directories of earlier versions are taken over: each fixture is what such a version wrote.
//!
//! `fixtures/make.sh` writes the fixtures of the current version. When a schema changes, run it and keep the old files.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use cloud_wire::Form;
use local_cloud::services::{Services, ServicesConfig};
use local_cloud::store::Durability;
use serde_json::{Value, json};

/// The environment variable that tells `make_fixture` where to write.
const DIRECTORY: &str = "LOCAL_CLOUD_FIXTURE_DIRECTORY";

fn config(directory: &Path) -> ServicesConfig {
    ServicesConfig {
        directory: Some(directory.to_owned()),
        durability: Durability::Process,
        base_url: "http://127.0.0.1:4566".to_owned(),
        region: "us-east-1".to_owned(),
        confirm_emails: true,
        access_keys: local_cloud::iam::AccessKeys::default(),
    }
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

/// Not a test itself: writes a directory with a message, a row and an email.
#[tokio::test]
async fn make_fixture() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let services = Services::open(config(Path::new(&directory))).await.unwrap();
    services.sqs.converge_queue("q", [].into()).await.unwrap();
    let topic = services.sns.converge_topic("t", [].into()).await.unwrap();
    services
        .sns
        .converge_subscription(&topic, "email", "you@example.com", [].into(), true)
        .await
        .unwrap();
    let send = json!({"QueueUrl": "q", "MessageBody": "kept message"}).to_string();
    local_cloud::sqs::protocol::call(&services.sqs, "SendMessage", send.as_bytes(), "test")
        .await
        .unwrap();
    let publish = form_urlencoded::Serializer::new(String::new())
        .append_pair("TopicArn", &topic)
        .append_pair("Message", "kept mail")
        .finish();
    cloud_sns::protocol::call(&services.sns, "Publish", &Form::parse(publish.as_bytes()), true)
        .await
        .unwrap();
    let table = json!({
        "TableName": "rows",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    });
    services.dynamodb.converge_table(table, None).await.unwrap();
    let item = json!({"TableName": "rows", "Item": {"id": {"S": "kept row"}}});
    dynamodb(&services, "PutItem", item).await;
    services.close().await;
}

/// Writes a directory as the version with these schemas left it. The message and the email get the current time, because
/// they would have expired since.
fn directory_of(state: &str, dynamodb: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (name, dump) in [("state.db", state), ("dynamodb.db", dynamodb)] {
        let dump = std::fs::read_to_string(fixtures.join(dump)).unwrap();
        let database = rusqlite::Connection::open(directory.path().join(name)).unwrap();
        database.execute_batch(&dump).unwrap();
        if name == "state.db" {
            database
                .execute_batch(
                    "UPDATE messages SET sent_at = unixepoch() * 1000; UPDATE mail SET received_at = unixepoch() * 1000;",
                )
                .unwrap();
        }
    }
    directory
}

async fn assert_everything_is_kept(services: &Services) {
    let messages = services.sqs.receive("q", 10, Duration::ZERO).await.unwrap();
    let bodies: Vec<_> = messages.iter().map(|message| message.body.as_str()).collect();
    assert_eq!(bodies, ["kept message"]);
    let mail = services.mailbox.read(0, 10, Duration::ZERO).await.unwrap();
    let texts: Vec<_> = mail.iter().map(|mail| mail.body.as_str()).collect();
    assert_eq!(texts, ["kept mail"]);
    let key = json!({"TableName": "rows", "Key": {"id": {"S": "kept row"}}});
    let row = dynamodb(services, "GetItem", key).await;
    assert_eq!(row["Item"], json!({"id": {"S": "kept row"}}));
}

#[tokio::test]
async fn a_directory_of_each_schema_is_taken_over() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut names: Vec<_> = std::fs::read_dir(fixtures)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let of = |prefix: &str| -> Vec<String> {
        let found = names.iter().filter(|name| name.starts_with(prefix));
        found.cloned().collect()
    };
    for state in of("state-") {
        for dynamodb in of("dynamodb-") {
            let directory = directory_of(&state, &dynamodb);
            let services = Services::open(config(directory.path())).await.unwrap();
            assert_everything_is_kept(&services).await;
            services.close().await;
        }
    }
}

#[tokio::test]
async fn the_current_schemas_have_a_fixture() {
    let directory = tempfile::tempdir().unwrap();
    Services::open(config(directory.path()))
        .await
        .unwrap()
        .close()
        .await;
    let version = |file: &str, sql: &str| -> String {
        let database = rusqlite::Connection::open(directory.path().join(file)).unwrap();
        database.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let state = version(
        "state.db",
        "SELECT CAST(user_version AS TEXT) FROM pragma_user_version",
    );
    let dynamodb = version(
        "dynamodb.db",
        "SELECT value FROM _config WHERE key = 'schema_version'",
    );
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for name in [format!("state-{state}.sql"), format!("dynamodb-{dynamodb}.sql")] {
        assert!(fixtures.join(&name).exists(), "{name} is missing: run make.sh");
    }
}

fn user_version(directory: &Path) -> i64 {
    let database = rusqlite::Connection::open(directory.join("state.db")).unwrap();
    database
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_copy_of_an_upgraded_file_is_kept() {
    let directory = directory_of("state-2.sql", "dynamodb-11.sql");
    Services::open(config(directory.path()))
        .await
        .unwrap()
        .close()
        .await;
    assert!(user_version(directory.path()) > 2);
    let copy = rusqlite::Connection::open(directory.path().join("state.db.version-2")).unwrap();
    let body: String = copy
        .query_row("SELECT body FROM contents", [], |row| row.get(0))
        .unwrap();
    assert_eq!(body, "kept message");
    // The tables had the current version, so nothing happened to them.
    assert!(!directory.path().join("dynamodb.db.version-11").exists());
}

/// Both files are examined before one of them is upgraded.
#[tokio::test]
async fn a_directory_with_a_newer_file_is_refused_and_left_as_it_is() {
    let newer = [
        ("state.db", "PRAGMA user_version = 99"),
        (
            "dynamodb.db",
            "UPDATE _config SET value = '99' WHERE key = 'schema_version'",
        ),
    ];
    for (name, change) in newer {
        let directory = directory_of("state-2.sql", "dynamodb-11.sql");
        let path = directory.path().join(name);
        rusqlite::Connection::open(&path)
            .unwrap()
            .execute_batch(change)
            .unwrap();
        let before = user_version(directory.path());
        let error = Services::open(config(directory.path()))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
        assert!(error.contains("version 99"), "{error}");
        assert_eq!(user_version(directory.path()), before);
        assert!(!directory.path().join("state.db.version-2").exists());
    }
}

/// As when Ctrl-C ends `up` during an upgrade: nobody waits for the start any more.
#[test]
fn an_upgrade_that_nobody_waits_for_ends_and_changes_nothing() {
    let directory = directory_of("state-1.sql", "dynamodb-11.sql");
    let large = "WITH RECURSIVE c(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM c WHERE n < 50000)
        INSERT INTO mail SELECT n, 'id', subscription_arn, kind, recipient, subject, body, 0 FROM c, mail WHERE sequence = 1;";
    rusqlite::Connection::open(directory.path().join("state.db"))
        .unwrap()
        .execute_batch(large)
        .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        tokio::select! {
            biased;
            _ = Services::open(config(directory.path())) => panic!("the upgrade was too quick"),
            () = std::future::ready(()) => {}
        }
    });
    // Returns when the upgrade has ended.
    runtime.shutdown_timeout(Duration::from_mins(1));
    assert_eq!(user_version(directory.path()), 1);
    assert!(!directory.path().join("state.db.version-1").exists());

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let services = Services::open(config(directory.path())).await.unwrap();
        let messages = services.sqs.receive("q", 10, Duration::ZERO).await.unwrap();
        assert_eq!(messages.len(), 1);
        services.close().await;
    });
}
