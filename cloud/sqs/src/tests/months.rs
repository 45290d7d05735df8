//! Checks what only shows after a long time, or with many queues.

use super::*;

#[tokio::test]
async fn a_long_poll_finds_good_messages_behind_any_number_of_expired_ones() {
    let s = service().await;
    let attributes = BTreeMap::from([("MessageRetentionPeriod".to_owned(), "60".to_owned())]);
    s.sqs.converge_queue("main", attributes).await.unwrap();
    // The sweeper would delete the expired messages, too. Without it only the receive does.
    s.stop.send_replace(true);
    tokio::task::yield_now().await;
    for number in 0..350 {
        s.send("main", &number.to_string()).await;
    }
    s.pass(61);
    s.send("main", "good").await;
    let received = s.receive("main").await;
    let bodies: Vec<_> = received.iter().map(|message| message.body.as_str()).collect();
    assert_eq!(bodies, ["good"]);
}

#[tokio::test]
async fn finished_move_tasks_are_kept_as_far_as_they_can_be_listed() {
    let s = service().await;
    s.with_dead_letters().await;
    let start = json!({"SourceArn": s.sqs.arn("dlq"), "DestinationArn": s.sqs.arn("main")});
    let kept = async || {
        let count = |tx: &cloud_store::Tx<'_>| {
            let (tasks, running) = tx.query_row(
                "SELECT COUNT(*), COUNT(*) FILTER (WHERE status = 'RUNNING') FROM move_tasks",
                [],
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
            )?;
            Ok::<_, SqsError>((tasks, running))
        };
        s.sqs.store().run(count).await.unwrap()
    };
    for _ in 0..15 {
        s.call("StartMessageMoveTask", start.clone()).await;
        while kept().await.1 > 0 {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(kept().await, (10, 0));
    s.call("DeleteQueue", json!({"QueueUrl": "dlq"})).await;
    assert_eq!(kept().await, (0, 0));
}

/// A transaction for all queues would keep the writer, and so every caller, for as long as it lasts.
#[tokio::test]
async fn one_transaction_of_the_sweeper_looks_at_few_of_many_queues() {
    let s = service().await;
    s.stop.send_replace(true);
    let many = i64::try_from(expiry::QUEUES * 2 + 50).unwrap();
    let create = move |tx: &cloud_store::Tx<'_>| {
        for number in 0..many {
            queue::Queue::insert(tx, &format!("q{number}"), &settings::QueueSettings::default(), 0)?;
        }
        Ok::<_, SqsError>(())
    };
    s.sqs.store().run(create).await.unwrap();
    let sweep = async |after| {
        let sweep = move |tx: &cloud_store::Tx<'_>| expiry::sweep(tx, i64::MAX / 2, after);
        s.sqs.store().run(sweep).await.unwrap()
    };
    let (slice, mut after, mut rounds) = (i64::try_from(expiry::QUEUES).unwrap(), 0, 0);
    while let expiry::Left::Above(id) = sweep(after).await {
        assert_eq!(id, after + slice);
        (after, rounds) = (id, rounds + 1);
    }
    assert_eq!(rounds, 2);
    // All of the last queue's expired messages are deleted.
    s.send("q449", "one").await;
    assert_eq!(sweep(after).await, expiry::Left::Above(many - 1));
    assert_eq!(sweep(many - 1).await, expiry::Left::Nothing);
    assert_eq!(s.counts("q449").await, [0, 0, 0]);
}

/// Prints how long a caller waits for the writer while ten thousand queues are swept. Run it with `--ignored --nocapture
/// --release`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn measure_ten_thousand_queues() {
    let s = service().await;
    let create = |tx: &cloud_store::Tx<'_>| {
        for number in 0..10_000 {
            queue::Queue::insert(tx, &format!("q{number}"), &settings::QueueSettings::default(), 0)?;
        }
        Ok::<_, SqsError>(())
    };
    s.sqs.store().run(create).await.unwrap();
    s.pass(1);
    let (begun, mut longest) = (std::time::Instant::now(), Duration::ZERO);
    while begun.elapsed() < Duration::from_secs(2) {
        let before = std::time::Instant::now();
        s.send("q5", "one").await;
        longest = longest.max(before.elapsed());
    }
    println!("a send waited {longest:?} at most");
}
