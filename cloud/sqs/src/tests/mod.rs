use std::collections::BTreeMap;
use std::time::Duration;

use cloud_store::{Durability, Location, Store};
use cloud_wire::Clock;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::*;

struct Service {
    sqs: Sqs,
    stop: watch::Sender<bool>,
}

async fn service_on(location: &Location) -> Service {
    let (stop, stopping) = watch::channel(false);
    let store = Store::open(location, Durability::Process, &MIGRATIONS).unwrap();
    let config = SqsConfig {
        base_url: "http://127.0.0.1:4566".to_owned(),
        region: "us-east-1".to_owned(),
        store,
        clock: Clock::default(),
        stopping,
    };
    Service {
        sqs: Sqs::start(config).await.unwrap(),
        stop,
    }
}

async fn service() -> Service {
    service_on(&Location::Memory).await
}

impl Service {
    async fn try_call(&self, operation: &str, request: Value) -> Result<Value, SqsError> {
        protocol::call(&self.sqs, operation, request.to_string().as_bytes(), "AKIATEST").await
    }

    async fn call(&self, operation: &str, request: Value) -> Value {
        self.try_call(operation, request).await.unwrap()
    }

    async fn error(&self, operation: &str, request: Value) -> &'static str {
        self.try_call(operation, request).await.unwrap_err().code()
    }

    async fn send(&self, queue: &str, body: &str) {
        self.call("SendMessage", json!({"QueueUrl": queue, "MessageBody": body}))
            .await;
    }

    async fn receive(&self, queue: &str) -> Vec<ReceivedMessage> {
        self.sqs.receive(queue, 10, Duration::from_secs(0)).await.unwrap()
    }

    /// Receives one message. The wait of 20 seconds ends early unless a signal is missed.
    async fn await_one(&self, queue: &str) -> ReceivedMessage {
        self.sqs
            .receive(queue, 1, Duration::from_secs(20))
            .await
            .unwrap()
            .remove(0)
    }

    async fn counts(&self, queue: &str) -> [i64; 3] {
        let answer = self
            .call(
                "GetQueueAttributes",
                json!({"QueueUrl": queue, "AttributeNames": ["All"]}),
            )
            .await;
        ["", "NotVisible", "Delayed"].map(|kind| {
            answer["Attributes"][format!("ApproximateNumberOfMessages{kind}")]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        })
    }

    async fn with_dead_letters(&self) {
        self.sqs.converge_queue("dlq", BTreeMap::new()).await.unwrap();
        let policy = json!({"deadLetterTargetArn": self.sqs.arn("dlq"), "maxReceiveCount": 2}).to_string();
        let attributes = BTreeMap::from([
            ("RedrivePolicy".to_owned(), policy),
            ("VisibilityTimeout".to_owned(), "30".to_owned()),
        ]);
        self.sqs.converge_queue("main", attributes).await.unwrap();
    }

    fn pass(&self, seconds: u64) {
        self.sqs.clock().advance(Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn a_message_is_sent_received_and_deleted() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    let attribute = json!({"StringValue": "1", "DataType": "Number"});
    let sent = s
        .call(
            "SendMessage",
            json!({"QueueUrl": "q", "MessageBody": "hello", "MessageAttributes": {"n": attribute}}),
        )
        .await;
    assert_eq!(sent["MD5OfMessageBody"], "5d41402abc4b2a76b9719d911017c592");
    let request = json!({"QueueUrl": "http://any.host:1/000000000000/q", "MessageAttributeNames": ["All"],
                         "MessageSystemAttributeNames": ["All"]});
    let received = s.call("ReceiveMessage", request.clone()).await;
    let message = &received["Messages"][0];
    assert_eq!(message["MessageId"], sent["MessageId"]);
    assert_eq!(message["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
    assert_eq!(message["MessageAttributes"]["n"], attribute);
    assert_eq!(message["Attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(s.counts("q").await, [0, 1, 0]);
    assert_eq!(s.call("ReceiveMessage", request).await, json!({}));
    s.call(
        "DeleteMessage",
        json!({"QueueUrl": "q", "ReceiptHandle": message["ReceiptHandle"]}),
    )
    .await;
    assert_eq!(s.counts("q").await, [0, 0, 0]);
}

#[tokio::test]
async fn an_outdated_receipt_deletes_nothing() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    s.send("q", "x").await;
    let first = s.receive("q").await.remove(0);
    s.pass(31);
    let second = s.receive("q").await.remove(0);
    s.sqs
        .delete("q", vec![first.receipt_handle.clone()])
        .await
        .unwrap();
    assert_eq!(s.counts("q").await, [0, 1, 0]);
    // AWS accepts the older handle for a change of the visibility timeout: recorded by a public suite
    // (`test_terminate_visibility_timeout_after_receive`).
    let late = json!({"QueueUrl": "q", "ReceiptHandle": first.receipt_handle, "VisibilityTimeout": 5});
    s.call("ChangeMessageVisibility", late).await;
    // The release for the functions of this program is stricter: it never takes the message from the current receiver.
    s.sqs.release("q", vec![first.receipt_handle]).await.unwrap();
    assert_eq!(s.counts("q").await, [0, 1, 0]);
    s.sqs.delete("q", vec![second.receipt_handle]).await.unwrap();
    assert_eq!(s.counts("q").await, [0, 0, 0]);
}

#[tokio::test]
async fn a_long_poll_wakes_on_arrival_on_the_end_of_a_delay_and_of_a_visibility_timeout() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    let (woken, ()) = tokio::join!(s.await_one("q"), s.send("q", "arrives"));
    let hide = json!({"QueueUrl": "q", "ReceiptHandle": woken.receipt_handle, "VisibilityTimeout": 60});
    s.call("ChangeMessageVisibility", hide).await;
    let later = async {
        tokio::task::yield_now().await;
        s.pass(61);
    };
    let (woken, ()) = tokio::join!(s.await_one("q"), later);
    assert_eq!(woken.attributes["ApproximateReceiveCount"], "2");
    s.sqs.delete("q", vec![woken.receipt_handle]).await.unwrap();
    s.call(
        "SendMessage",
        json!({"QueueUrl": "q", "MessageBody": "delayed", "DelaySeconds": 900}),
    )
    .await;
    assert_eq!(s.counts("q").await, [0, 0, 1]);
    let later = async {
        tokio::task::yield_now().await;
        s.pass(901);
    };
    let (woken, ()) = tokio::join!(s.await_one("q"), later);
    assert_eq!(woken.body, "delayed");
}

#[tokio::test]
async fn waking_makes_postponed_messages_ready_and_leaves_others_in_flight() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    s.call("CreateQueue", json!({"QueueName": "other"})).await;
    for queue in ["q", "other"] {
        s.send(queue, "postponed").await;
        let hidden = s.receive(queue).await.remove(0).receipt_handle;
        let put_off = json!({"QueueUrl": queue, "ReceiptHandle": hidden, "VisibilityTimeout": 900});
        s.call("ChangeMessageVisibility", put_off).await;
    }
    s.send("q", "still in flight").await;
    let held = s.receive("q").await.remove(0);
    assert_eq!(s.sqs.wake("q").await.unwrap(), 1);
    let woken = s.await_one("q").await;
    assert_eq!(woken.body, "postponed");
    assert_eq!(woken.attributes["ApproximateReceiveCount"], "2");
    // Both messages of `q` are in flight now. The message of the other queue stays postponed.
    assert_eq!(s.sqs.wake("q").await.unwrap(), 0);
    assert_eq!(s.counts("q").await, [0, 2, 0]);
    assert_eq!(s.counts("other").await, [0, 1, 0]);
    s.sqs
        .delete("q", vec![held.receipt_handle, woken.receipt_handle])
        .await
        .unwrap();
    assert_eq!(s.counts("q").await, [0, 0, 0]);
}

#[tokio::test]
async fn waking_has_no_limit_on_the_number_of_messages() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    for _ in 0..101 {
        let entries: Vec<_> = (0..10)
            .map(|id| json!({"Id": id.to_string(), "MessageBody": "m", "DelaySeconds": 900}))
            .collect();
        s.call("SendMessageBatch", json!({"QueueUrl": "q", "Entries": entries}))
            .await;
    }
    assert_eq!(s.sqs.wake("q").await.unwrap(), 1010);
    assert_eq!(s.counts("q").await, [1010, 0, 0]);
}

#[tokio::test]
async fn the_metric_of_age_leaves_out_messages_that_were_received_three_times() {
    let s = service().await;
    let attributes = BTreeMap::from([("VisibilityTimeout".to_owned(), "0".to_owned())]);
    s.sqs.converge_queue("q", attributes).await.unwrap();
    let age = async || s.sqs.depths().await.unwrap()[0].metric_age_seconds;
    assert_eq!(age().await, 0);
    s.send("q", "old").await;
    s.pass(100);
    for _ in 0..2 {
        assert_eq!(s.receive("q").await.len(), 1);
        assert_eq!(age().await, 100);
    }
    s.send("q", "new").await;
    s.pass(50);
    assert_eq!(
        s.sqs.receive("q", 1, Duration::ZERO).await.unwrap()[0].body,
        "old"
    );
    assert_eq!(age().await, 50);
    assert_eq!(s.sqs.depths().await.unwrap()[0].oldest_age_seconds, Some(150));
}

#[tokio::test]
async fn a_poison_message_reaches_the_dead_letter_queue_although_nobody_polls_its_source() {
    let s = service().await;
    s.with_dead_letters().await;
    s.send("main", "poison").await;
    let first = s.receive("main").await.remove(0);
    s.pass(31);
    assert_eq!(s.receive("main").await.len(), 1);
    let (dead, ()) = tokio::join!(s.await_one("dlq"), async {
        tokio::task::yield_now().await;
        s.pass(31);
    });
    assert_eq!(dead.message_id, first.message_id);
    assert_eq!(
        dead.attributes["SentTimestamp"],
        first.attributes["SentTimestamp"]
    );
    assert_eq!(dead.attributes["ApproximateReceiveCount"], "3");
    assert_eq!(dead.attributes["DeadLetterQueueSourceArn"], s.sqs.arn("main"));
    assert_eq!(s.counts("main").await, [0, 0, 0]);
    assert_eq!(
        s.call("ListDeadLetterSourceQueues", json!({"QueueUrl": "dlq"}))
            .await,
        json!({"queueUrls": [s.sqs.url("main")]})
    );
}

#[tokio::test]
async fn moved_messages_are_new_and_a_message_without_a_source_fails_the_task() {
    let s = service().await;
    s.with_dead_letters().await;
    s.send("main", "dead").await;
    for _ in 0..2 {
        let received = s.receive("main").await.remove(0);
        let now =
            json!({"QueueUrl": "main", "ReceiptHandle": received.receipt_handle, "VisibilityTimeout": 0});
        s.call("ChangeMessageVisibility", now).await;
    }
    assert_eq!(s.counts("dlq").await, [1, 0, 0]);
    s.call("StartMessageMoveTask", json!({"SourceArn": s.sqs.arn("dlq")}))
        .await;
    let moved = s.await_one("main").await;
    assert_eq!(moved.attributes["ApproximateReceiveCount"], "1");
    assert!(!moved.attributes.contains_key("DeadLetterQueueSourceArn"));
    finished(&s, "COMPLETED").await;

    s.send("dlq", "sent here directly").await;
    s.call("StartMessageMoveTask", json!({"SourceArn": s.sqs.arn("dlq")}))
        .await;
    let failed = finished(&s, "FAILED").await;
    assert_eq!(failed["FailureReason"], "CouldNotDetermineMessageSource");
    let request = json!({"SourceArn": s.sqs.arn("dlq"), "DestinationArn": s.sqs.arn("main")});
    s.call("StartMessageMoveTask", request.clone()).await;
    assert_eq!(s.await_one("main").await.body, "sent here directly");

    assert_eq!(
        s.error("StartMessageMoveTask", json!({"SourceArn": s.sqs.arn("main")}))
            .await,
        "InvalidParameterValue"
    );
    assert_eq!(
        s.error("StartMessageMoveTask", json!({"SourceArn": s.sqs.arn("no")}))
            .await,
        "ResourceNotFoundException"
    );
}

/// Waits until the newest task has this status.
async fn finished(s: &Service, status: &str) -> Value {
    loop {
        let tasks = s
            .call("ListMessageMoveTasks", json!({"SourceArn": s.sqs.arn("dlq")}))
            .await;
        if tasks["Results"][0]["Status"] == status {
            return tasks["Results"][0].clone();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_move_task_survives_a_restart_and_can_be_cancelled() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Disk(directory.path().join("state.db"));
    let s = service_on(&location).await;
    s.with_dead_letters().await;
    // At one message per second, the task is cancelled before it has moved all of these.
    for n in 0..60 {
        s.send("dlq", &n.to_string()).await;
    }
    let arns = json!({"SourceArn": s.sqs.arn("dlq"), "DestinationArn": s.sqs.arn("main"), "MaxNumberOfMessagesPerSecond": 1});
    s.call("StartMessageMoveTask", arns.clone()).await;
    assert_eq!(
        s.error("StartMessageMoveTask", arns).await,
        "InvalidParameterValue"
    );
    s.await_one("main").await;
    s.stop.send_replace(true);
    s.sqs.store().close().await;

    let s = service_on(&location).await;
    assert_eq!(s.await_one("main").await.body, "1");
    let tasks = s
        .call("ListMessageMoveTasks", json!({"SourceArn": s.sqs.arn("dlq")}))
        .await;
    let handle = &tasks["Results"][0]["TaskHandle"];
    s.call("CancelMessageMoveTask", json!({"TaskHandle": handle}))
        .await;
    let task = finished(&s, "CANCELLED").await;
    let moved = task["ApproximateNumberOfMessagesMoved"].as_i64().unwrap();
    assert!((2..60).contains(&moved), "{task}");
    assert_eq!(s.counts("dlq").await, [60 - moved, 0, 0]);
    assert_eq!(s.counts("main").await.iter().sum::<i64>(), moved);
    assert_eq!(
        s.error("CancelMessageMoveTask", json!({"TaskHandle": handle}))
            .await,
        "ResourceNotFoundException"
    );
}

#[tokio::test]
async fn expired_messages_are_not_received_and_leave_the_counts() {
    let s = service().await;
    s.call(
        "CreateQueue",
        json!({"QueueName": "q", "Attributes": {"MessageRetentionPeriod": "60"}}),
    )
    .await;
    s.send("q", "old").await;
    s.pass(61);
    s.send("q", "new").await;
    let received = s.receive("q").await;
    assert_eq!(
        received.iter().map(|m| m.body.as_str()).collect::<Vec<_>>(),
        ["new"]
    );
    assert_eq!(s.counts("q").await, [0, 1, 0]);
}

#[tokio::test]
async fn a_purged_or_deleted_queue_loses_its_messages_at_once() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    s.send("q", "x").await;
    s.send("q", "y").await;
    let handle = s
        .sqs
        .receive("q", 1, Duration::ZERO)
        .await
        .unwrap()
        .remove(0)
        .receipt_handle;
    s.call("PurgeQueue", json!({"QueueUrl": "q"})).await;
    assert_eq!(s.counts("q").await, [0, 0, 0]);
    s.sqs.delete("q", vec![handle]).await.unwrap();
    assert_eq!(
        s.error("PurgeQueue", json!({"QueueUrl": "q"})).await,
        "AWS.SimpleQueueService.PurgeQueueInProgress"
    );
    s.send("q", "z").await;
    assert_eq!(s.receive("q").await.len(), 1);
    s.call("DeleteQueue", json!({"QueueUrl": "q"})).await;
    assert_eq!(
        s.error("GetQueueUrl", json!({"QueueName": "q"})).await,
        "AWS.SimpleQueueService.NonExistentQueue"
    );
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    assert!(s.receive("q").await.is_empty());
}

#[tokio::test]
async fn creating_is_idempotent_for_equal_attributes_only() {
    let s = service().await;
    let create = |timeout: &str| json!({"QueueName": "q", "Attributes": {"VisibilityTimeout": timeout}});
    s.call("CreateQueue", create("40")).await;
    s.call("CreateQueue", create("40")).await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    assert_eq!(s.error("CreateQueue", create("41")).await, "QueueAlreadyExists");
    s.send("q", "kept").await;
    s.sqs
        .converge_queue(
            "q",
            BTreeMap::from([("VisibilityTimeout".to_owned(), "41".to_owned())]),
        )
        .await
        .unwrap();
    assert_eq!(s.counts("q").await, [1, 0, 0]);
    let policy = json!({"deadLetterTargetArn": s.sqs.arn("none"), "maxReceiveCount": 3}).to_string();
    let set = json!({"QueueUrl": "q", "Attributes": {"RedrivePolicy": policy}});
    assert_eq!(s.error("SetQueueAttributes", set).await, "InvalidParameterValue");
}

#[tokio::test]
async fn batches_are_checked_as_a_whole_and_entry_by_entry() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    let batch = |entries: Value| json!({"QueueUrl": "q", "Entries": entries});
    let entry = |id: &str, body: &str| json!({"Id": id, "MessageBody": body});
    let answer = s
        .call(
            "SendMessageBatch",
            batch(json!([entry("a", "good"), entry("b", "bad \u{1}")])),
        )
        .await;
    assert_eq!(answer["Successful"][0]["Id"], "a");
    assert_eq!(answer["Failed"][0]["Code"], "InvalidMessageContents");
    assert_eq!(answer["Failed"][0]["SenderFault"], true);
    let eleven: Vec<_> = (0..11).map(|n| entry(&n.to_string(), "x")).collect();
    let half = "x".repeat(600_000);
    for (entries, code) in [
        (json!([]), "EmptyBatchRequest"),
        (json!(eleven), "TooManyEntriesInBatchRequest"),
        (
            json!([entry("a", "x"), entry("a", "y")]),
            "BatchEntryIdsNotDistinct",
        ),
        (json!([entry("a b", "x")]), "InvalidBatchEntryId"),
        (
            json!([entry("a", &half), entry("b", &half)]),
            "BatchRequestTooLong",
        ),
    ] {
        let expected = format!("AWS.SimpleQueueService.{code}");
        assert_eq!(s.error("SendMessageBatch", batch(entries)).await, expected);
    }
    let request = json!({"QueueUrl": "q", "Entries": [{"Id": "a", "ReceiptHandle": "junk"}]});
    let answer = s.call("DeleteMessageBatch", request).await;
    assert_eq!(answer["Failed"][0]["Code"], "ReceiptHandleIsInvalid");
}

#[tokio::test]
async fn long_polls_end_when_the_service_stops() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    let waiting = s.sqs.receive("q", 1, Duration::from_secs(20));
    let stop = async {
        tokio::task::yield_now().await;
        s.stop.send_replace(true);
    };
    let (received, ()) = tokio::join!(waiting, stop);
    assert!(received.unwrap().is_empty());
}

#[tokio::test]
async fn malformed_requests_are_refused_without_quoting_them() {
    let s = service().await;
    assert_eq!(
        s.error("SendMessage", json!({"MessageBody": "secret"})).await,
        "MissingParameter"
    );
    let error = s
        .try_call(
            "SendMessage",
            json!({"QueueUrl": "q", "MessageBody": {"secret": 1}}),
        )
        .await
        .unwrap_err();
    assert_eq!(error.code(), "SerializationException");
    assert!(!error.message().contains("secret"));
    assert_eq!(s.error("Dance", json!({})).await, "UnknownOperationException");
}

/// The cost of an operation must not depend on the number of messages in the queue or in flight.
#[tokio::test]
async fn no_statement_of_receive_delete_and_alarm_scans_or_sorts_the_messages() {
    let s = service().await;
    let by_key = "PRIMARY KEY";
    for (sql, index) in [
        (ready::READY, "messages_ready"),
        (ready::READY_OF_GROUP, "messages_of_group"),
        (ready::QUIET_GROUPS, "message_groups_turn"),
        (ready::IN_FLIGHT, "PRIMARY KEY"),
        (ops::move_task::MOVABLE, "messages_ready"),
        (ops::move_task::LAST_READY, "messages_ready"),
        (ops::receive::HIDE, by_key),
        (ops::delete::BY_RECEIPT, by_key),
        (ops::wake::PUT_OFF, "messages_due"),
        (expiry::DUE, "messages_due"),
        (expiry::NEXT_DUE, "messages_due"),
        (expiry::EXPIRED, by_key),
        (expiry::DISCARDED, by_key),
        (queue::OLDEST, by_key),
        (expiry::ONE, by_key),
    ] {
        let plan = s.sqs.store().run(move |tx| {
            let mut statement = tx.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let values = [0; 8];
            let values = rusqlite::params_from_iter(&values[..statement.parameter_count()]);
            let steps = statement
                .query_map(values, |row| row.get(3))?
                .collect::<Result<Vec<String>, _>>()?;
            Ok::<_, SqsError>(steps)
        });
        let plan = plan.await.unwrap();
        // SQLite calls `MIN` over an index a covering scan, but stops after the first entry.
        let bounded = |step: &String| step.starts_with("SEARCH") || step.contains("messages_due");
        let beside = |step: &String| step.starts_with("LIST SUBQUERY") || step == "CREATE BLOOM FILTER";
        let steps: Vec<_> = plan.iter().filter(|step| !beside(step)).collect();
        assert!(
            !steps.is_empty() && steps.iter().all(|step| bounded(step)),
            "{sql}: {plan:?}"
        );
        // A search by the primary key would read all messages in flight to find the ready ones.
        assert!(steps[0].contains(index), "{sql}: {plan:?}");
        assert!(
            !plan.iter().any(|step| step.contains("TEMP B-TREE")),
            "{sql}: {plan:?}"
        );
    }
}

mod clock;
mod fairness;
mod months;
mod permissions;
mod receipts;
mod rows;
mod system_attributes;
