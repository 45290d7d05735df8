//! Checks the tables: each message has two rows, the counts are exact, and a migration keeps the messages of
//! schema 1.

use proptest::prelude::*;
use rusqlite::Connection;

use super::*;

/// A change to the queue `main` or its dead-letter queue, made by a client or by time.
#[derive(Clone, Debug)]
enum Step {
    Send { delay: u32, group: u32 },
    Receive { visibility: u32 },
    DeleteLast,
    ReleaseLast,
    HideLast,
    Wait { seconds: u32 },
    MoveDeadLetters,
    Purge,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (prop_oneof![Just(0_u32), 1..5_u32], 0..3_u32).prop_map(|(delay, group)| Step::Send { delay, group }),
        5 => prop_oneof![Just(0_u32), 1..5_u32].prop_map(|visibility| Step::Receive { visibility }),
        3 => Just(Step::DeleteLast),
        1 => Just(Step::ReleaseLast),
        1 => Just(Step::HideLast),
        2 => (1..200_u32).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::MoveDeadLetters),
        1 => Just(Step::Purge),
    ];
    proptest::collection::vec(step, 1..40)
}

impl Service {
    async fn take(&self, step: Step, handles: &mut Vec<String>) {
        let last = handles.last().cloned();
        match (step, last) {
            (Step::Send { delay, group }, _) => {
                let mut request = json!({"QueueUrl": "main", "MessageBody": "hello", "DelaySeconds": delay});
                if group > 0 {
                    request["MessageGroupId"] = json!(format!("group-{group}"));
                }
                self.call("SendMessage", request).await;
            }
            (Step::Receive { visibility }, _) => {
                let request =
                    json!({"QueueUrl": "main", "MaxNumberOfMessages": 3, "VisibilityTimeout": visibility});
                let answer = self.call("ReceiveMessage", request).await;
                let received = answer["Messages"].as_array().into_iter().flatten();
                handles.extend(received.map(|m| m["ReceiptHandle"].as_str().unwrap().to_owned()));
            }
            (Step::DeleteLast, Some(handle)) => {
                handles.pop();
                self.call(
                    "DeleteMessage",
                    json!({"QueueUrl": "main", "ReceiptHandle": handle}),
                )
                .await;
            }
            (Step::ReleaseLast, Some(handle)) => self.change(&handle, 0).await,
            (Step::HideLast, Some(handle)) => self.change(&handle, 20).await,
            (Step::Wait { seconds }, _) => {
                self.sqs.clock().advance(Duration::from_secs(u64::from(seconds)));
            }
            (Step::MoveDeadLetters, _) => {
                // A task may be running already. Then this call fails, which the test accepts.
                let request = json!({"SourceArn": self.sqs.arn("dlq")});
                let _refused = self.try_call("StartMessageMoveTask", request).await;
            }
            (Step::Purge, _) => {
                // A second purge within a minute is refused.
                let _refused = self.try_call("PurgeQueue", json!({"QueueUrl": "main"})).await;
            }
            (_, None) => {}
        }
    }

    /// An outdated handle is refused, which the test accepts.
    async fn change(&self, handle: &str, seconds: u32) {
        let request = json!({"QueueUrl": "main", "ReceiptHandle": handle, "VisibilityTimeout": seconds});
        let _refused = self.try_call("ChangeMessageVisibility", request).await;
    }

    /// Returns the number of wrong counts, of messages without contents, of contents without a message, of wrong
    /// groups, and of groups that are missing.
    async fn wrong_rows(&self) -> [i64; 5] {
        let query = "SELECT
            (SELECT COUNT(*) FROM queue_counts AS q WHERE messages <>
                (SELECT COUNT(*) FROM messages AS m WHERE m.queue_id = q.queue_id AND m.state = q.state)),
            (SELECT COUNT(*) FROM messages WHERE id NOT IN (SELECT id FROM contents)),
            (SELECT COUNT(*) FROM contents WHERE id NOT IN (SELECT id FROM messages)),
            (SELECT COUNT(*) FROM message_groups AS g WHERE
                (ready, in_flight) <> (SELECT COALESCE(SUM(state = 0), 0), COALESCE(SUM(state = 2), 0) FROM messages AS m
                 WHERE m.queue_id = g.queue_id AND m.group_id = g.group_id)),
            (SELECT COUNT(*) FROM messages AS m WHERE group_id IS NOT NULL AND state <> 1 AND NOT EXISTS
                (SELECT 1 FROM message_groups AS g WHERE g.queue_id = m.queue_id AND g.group_id = m.group_id))";
        let answer = self.sqs.store().run(move |tx| {
            let read = |row: &rusqlite::Row<'_>| {
                Ok([row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?])
            };
            Ok::<_, SqsError>(tx.query_row(query, [], read)?)
        });
        answer.await.unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn counts_are_right_and_every_message_has_its_contents(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let wrong = runtime.block_on(async {
            let s = service().await;
            s.with_dead_letters().await;
            let mut handles = Vec::new();
            let mut wrong = Vec::new();
            for step in steps {
                s.take(step, &mut handles).await;
                wrong.push(s.wrong_rows().await);
            }
            s.stop.send_replace(true);
            wrong
        });
        prop_assert!(wrong.iter().all(|counts| *counts == [0; 5]), "{wrong:?}");
    }
}

/// Creates a database with schema 1: one message in each state, and one message that was redriven.
fn first_schema(path: &std::path::Path) {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(concat!(
            include_str!("../schema_1.sql"),
            "PRAGMA user_version = 1;"
        ))
        .unwrap();
    let settings = serde_json::to_string(&crate::settings::QueueSettings::default()).unwrap();
    for name in ["q", "dlq"] {
        connection
            .execute(
                "INSERT INTO queues (name, settings, created_at, modified_at) VALUES (?1, ?2, 0, 0)",
                [name, &settings],
            )
            .unwrap();
        let id = connection.last_insert_rowid();
        connection
            .execute(
                "INSERT INTO queue_counts VALUES (?1, 0, 0), (?1, 1, 0), (?1, 2, 0)",
                [id],
            )
            .unwrap();
    }
    let now = Clock::default().now_ms();
    let far = now + 3_600_000;
    for (queue, state, due_at, body, source) in [
        (1, 0, 0, "ready", None),
        (1, 1, far, "delayed", None),
        (1, 2, far, "in flight", None),
        (2, 0, 0, "dead", Some("arn:aws:sqs:us-east-1:000000000000:q")),
    ] {
        connection
            .execute(
                "INSERT INTO messages (queue_id, state, due_at, receive_count, sent_at, receipt, source_arn, message_id,
                                       sender_id, body_md5, attributes, body)
                 VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, 'AKIA', 'md5', '{\"n\":{\"DataType\":\"Number\",\"StringValue\":\"7\"}}',
                         ?7)",
                rusqlite::params![queue, state, due_at, now, [7_u8; 16], source, body],
            )
            .unwrap();
    }
}

#[tokio::test]
async fn messages_of_the_first_schema_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.db");
    first_schema(&path);
    let s = service_on(&Location::Disk(path)).await;
    assert_eq!(s.counts("q").await, [1, 1, 1]);
    assert_eq!(s.wrong_rows().await, [0; 5]);
    let ready = s.receive("q").await;
    assert_eq!(ready.len(), 1);
    assert_eq!(ready[0].body, "ready");
    assert_eq!(ready[0].attributes["ApproximateReceiveCount"], "2");
    assert_eq!(ready[0].message_attributes["n"].data_type, "Number");
    let dead = s.receive("dlq").await;
    assert_eq!(
        dead[0].attributes["DeadLetterQueueSourceArn"],
        "arn:aws:sqs:us-east-1:000000000000:q"
    );
    // A receipt handle from before the migration still deletes its message.
    let handle = crate::receipt::Receipt {
        row: 3,
        nonce: crate::receipt::Nonce([7; 16]),
    };
    s.call(
        "DeleteMessage",
        json!({"QueueUrl": "q", "ReceiptHandle": handle.encode("q")}),
    )
    .await;
    assert_eq!(s.counts("q").await, [0, 1, 1]);
}
