//! Receipt handles after the timeout, after a deletion, and beyond the total of 12 hours; the in-flight limit; polls on
//! queues that are deleted. The expectations are recorded answers of AWS, from a public suite, and the SQS Developer Guide.

use super::*;

async fn with_one_message() -> (Service, String) {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    s.send("q", "x").await;
    let handle = s.receive("q").await.remove(0).receipt_handle;
    (s, handle)
}

fn change(handle: &str, seconds: i64) -> Value {
    json!({"QueueUrl": "q", "ReceiptHandle": handle, "VisibilityTimeout": seconds})
}

#[tokio::test]
async fn a_timeout_that_has_run_out_can_still_be_extended() {
    let (s, handle) = with_one_message().await;
    s.pass(31);
    assert_eq!(s.counts("q").await, [1, 0, 0]);
    s.call("ChangeMessageVisibility", change(&handle, 20)).await;
    assert_eq!(s.counts("q").await, [0, 1, 0]);
    assert!(s.receive("q").await.is_empty());
    s.pass(21);
    s.call("ChangeMessageVisibility", change(&handle, 0)).await;
    let again = s.receive("q").await.remove(0);
    assert_eq!(again.attributes["ApproximateReceiveCount"], "2");
}

#[tokio::test]
async fn a_flight_that_the_receiver_ended_is_over() {
    let (s, handle) = with_one_message().await;
    s.call("ChangeMessageVisibility", change(&handle, 0)).await;
    assert_eq!(
        s.error("ChangeMessageVisibility", change(&handle, 5)).await,
        "AWS.SimpleQueueService.MessageNotInflight"
    );
}

#[tokio::test]
async fn the_handle_of_a_deleted_message_is_no_parameter_value() {
    let (s, handle) = with_one_message().await;
    s.sqs.delete("q", vec![handle.clone()]).await.unwrap();
    s.sqs.delete("q", vec![handle.clone()]).await.unwrap();
    let error = s
        .try_call("ChangeMessageVisibility", change(&handle, 5))
        .await
        .unwrap_err();
    assert_eq!(error.code(), "InvalidParameterValue");
    assert_eq!(
        error.message(),
        format!(
            "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available \
             for visibility timeout change."
        )
    );
}

#[tokio::test]
async fn the_total_of_visibility_timeouts_is_12_hours_from_the_receive() {
    let (s, handle) = with_one_message().await;
    let error = s
        .try_call("ChangeMessageVisibility", change(&handle, 43_200))
        .await
        .unwrap_err();
    assert_eq!(
        error.message(),
        "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message is beyond \
         the limit [43200 seconds]"
    );
    s.call("ChangeMessageVisibility", change(&handle, 43_000)).await;
    s.pass(20_000);
    s.call("ChangeMessageVisibility", change(&handle, 23_000)).await;
    assert_eq!(
        s.error("ChangeMessageVisibility", change(&handle, 23_201)).await,
        "InvalidParameterValue"
    );
    // A new receive begins a new total.
    s.pass(23_001);
    let again = s.receive("q").await.remove(0);
    s.call("ChangeMessageVisibility", change(&again.receipt_handle, 43_000))
        .await;
}

#[tokio::test]
async fn at_the_limit_a_short_poll_fails_and_a_long_poll_waits() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    s.sqs.limits().set_max_in_flight(2);
    for body in ["a", "b", "c"] {
        s.send("q", body).await;
    }
    let taken = s.receive("q").await;
    assert_eq!(taken.len(), 2);
    let error = s
        .try_call("ReceiveMessage", json!({"QueueUrl": "q"}))
        .await
        .unwrap_err();
    assert_eq!((error.code(), error.status()), ("OverLimit", 403));
    let delete = async {
        tokio::task::yield_now().await;
        s.sqs
            .delete("q", vec![taken[0].receipt_handle.clone()])
            .await
            .unwrap();
    };
    let (third, ()) = tokio::join!(s.await_one("q"), delete);
    assert_eq!(third.body, "c");
}

#[tokio::test]
async fn a_long_poll_ends_with_its_queue_and_takes_nothing_of_the_next_one() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    let poll = s.sqs.receive("q", 1, Duration::from_secs(20));
    let replace = async {
        tokio::task::yield_now().await;
        s.call("DeleteQueue", json!({"QueueUrl": "q"})).await;
        s.call("CreateQueue", json!({"QueueName": "q"})).await;
        s.send("q", "of the new queue").await;
    };
    let (polled, ()) = tokio::join!(poll, replace);
    assert!(matches!(polled, Err(SqsError::QueueDoesNotExist)), "{polled:?}");
    assert_eq!(s.receive("q").await.len(), 1);
    // A purge does not end it.
    let purge = async {
        tokio::task::yield_now().await;
        s.call("PurgeQueue", json!({"QueueUrl": "q"})).await;
        s.send("q", "after the purge").await;
    };
    let (polled, ()) = tokio::join!(s.await_one("q"), purge);
    assert_eq!(polled.body, "after the purge");
}

#[tokio::test]
async fn the_name_of_a_deleted_queue_waits_60_seconds_if_that_is_switched_on() {
    let s = service().await;
    s.sqs.limits().set_wait_after_deletion(true);
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    s.call("DeleteQueue", json!({"QueueUrl": "q"})).await;
    assert_eq!(
        s.error("CreateQueue", json!({"QueueName": "q"})).await,
        "AWS.SimpleQueueService.QueueDeletedRecently"
    );
    s.pass(60);
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
}
