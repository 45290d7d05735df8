//! Checks that nothing that lasts a time depends on the machine's clock, which somebody may set back or forward.

use super::*;

const HOUR_MS: i64 = 3_600_000;

/// Runs a test with the machine's clock set by an hour, back and forward, by the closure that it gets.
async fn with_steps(test: impl AsyncFn(&Service, &dyn Fn())) {
    for step in [-HOUR_MS, HOUR_MS] {
        let s = service().await;
        s.with_dead_letters().await;
        test(&s, &|| s.sqs.clock().set_wall_by(step)).await;
    }
}

#[tokio::test]
async fn a_visibility_timeout_lasts_as_long_as_it_says() {
    with_steps(async |s, set_clock| {
        s.send("main", "one").await;
        let handle = s.await_one("main").await.receipt_handle;
        set_clock();
        assert!(s.receive("main").await.is_empty());
        // The handle can be used until the timeout ends.
        let change = json!({"QueueUrl": "main", "ReceiptHandle": handle, "VisibilityTimeout": 30});
        s.call("ChangeMessageVisibility", change).await;
        s.pass(31);
        assert_eq!(s.receive("main").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_delay_lasts_as_long_as_it_says() {
    with_steps(async |s, set_clock| {
        let request = json!({"QueueUrl": "main", "MessageBody": "one", "DelaySeconds": 60});
        s.call("SendMessage", request).await;
        set_clock();
        assert!(s.receive("main").await.is_empty());
        assert_eq!(s.counts("main").await, [0, 0, 1]);
        s.pass(61);
        assert_eq!(s.receive("main").await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_second_purge_is_refused_for_a_minute_and_no_longer() {
    with_steps(async |s, set_clock| {
        s.call("PurgeQueue", json!({"QueueUrl": "main"})).await;
        set_clock();
        assert_eq!(
            s.error("PurgeQueue", json!({"QueueUrl": "main"})).await,
            "AWS.SimpleQueueService.PurgeQueueInProgress"
        );
        s.pass(61);
        s.call("PurgeQueue", json!({"QueueUrl": "main"})).await;
    })
    .await;
}

#[tokio::test]
async fn a_message_is_kept_for_its_retention_period() {
    with_steps(async |s, set_clock| {
        let attributes = json!({"MessageRetentionPeriod": "120"});
        s.call(
            "SetQueueAttributes",
            json!({"QueueUrl": "main", "Attributes": attributes}),
        )
        .await;
        s.send("main", "one").await;
        set_clock();
        s.pass(100);
        assert_eq!(s.receive("main").await.len(), 1);
        s.pass(31);
        assert!(s.receive("main").await.is_empty());
        assert_eq!(s.counts("main").await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn the_newest_move_task_is_listed_first_and_runs_to_its_end() {
    with_steps(async |s, set_clock| {
        let start = json!({"SourceArn": s.sqs.arn("dlq"), "DestinationArn": s.sqs.arn("main")});
        let list = json!({"SourceArn": s.sqs.arn("dlq"), "MaxResults": 10});
        let completed = async |moved: [i64; 2]| {
            loop {
                let answer = s.call("ListMessageMoveTasks", list.clone()).await;
                let tasks = answer["Results"].as_array().unwrap().clone();
                let done = tasks.iter().all(|task| task["Status"] == "COMPLETED");
                let counts: Vec<_> = tasks
                    .iter()
                    .map(|task| task["ApproximateNumberOfMessagesMoved"].as_i64().unwrap())
                    .collect();
                if done {
                    assert_eq!(counts, moved[..counts.len()]);
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        s.send("dlq", "one").await;
        s.call("StartMessageMoveTask", start.clone()).await;
        completed([1, 0]).await;
        set_clock();
        s.send("dlq", "two").await;
        s.send("dlq", "three").await;
        s.call("StartMessageMoveTask", start.clone()).await;
        completed([2, 1]).await;
    })
    .await;
}

#[tokio::test]
async fn clients_see_times_of_the_machines_clock_as_it_is_set_now() {
    with_steps(async |s, set_clock| {
        s.send("main", "one").await;
        set_clock();
        let message = s.await_one("main").await;
        let now = s.sqs.clock().wall_ms(s.sqs.clock().now_ms());
        for name in ["SentTimestamp", "ApproximateFirstReceiveTimestamp"] {
            let time: i64 = message.attributes[name].parse().unwrap();
            assert!((now - 60_000..=now).contains(&time), "{name} {time} {now}");
        }
    })
    .await;
}
