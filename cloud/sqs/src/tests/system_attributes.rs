//! `MessageGroupId` and `AWSTraceHeader`: kept through the dead-letter queue and the move back.

use super::*;
use crate::Sender;

const TRACE: &str = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1";

impl Service {
    async fn send_traced(&self, operation: &str, request: Value) -> Value {
        let sender = Sender {
            id: "AKIATEST".to_owned(),
            trace_header: Some(TRACE.to_owned()),
        };
        protocol::call(&self.sqs, operation, request.to_string().as_bytes(), sender)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn the_trace_header_of_the_request_becomes_a_system_attribute() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    s.send_traced("SendMessage", json!({"QueueUrl": "q", "MessageBody": "single"}))
        .await;
    let own = json!({"AWSTraceHeader": {"DataType": "String", "StringValue": "own"}});
    let entries = json!([
        {"Id": "a", "MessageBody": "entry"},
        {"Id": "b", "MessageBody": "explicit", "MessageSystemAttributes": own},
    ]);
    s.send_traced("SendMessageBatch", json!({"QueueUrl": "q", "Entries": entries}))
        .await;
    let received = s.receive("q").await;
    let traces: Vec<_> = received
        .iter()
        .map(|m| m.attributes["AWSTraceHeader"].as_str())
        .collect();
    assert_eq!(traces, [TRACE, TRACE, "own"]);
}

#[tokio::test]
async fn group_and_trace_go_to_the_dead_letter_queue_and_back() {
    let s = service().await;
    s.with_dead_letters().await;
    let request = json!({"QueueUrl": "main", "MessageBody": "poison", "MessageGroupId": "tenant-1"});
    s.send_traced("SendMessage", request).await;
    let both = |message: &ReceivedMessage| {
        ["MessageGroupId", "AWSTraceHeader"].map(|name| message.attributes[name].clone())
    };
    let wanted = ["tenant-1".to_owned(), TRACE.to_owned()];
    for _ in 0..2 {
        assert_eq!(both(&s.receive("main").await[0]), wanted);
        s.pass(31);
    }
    assert!(s.receive("main").await.is_empty());
    let dead = s.receive("dlq").await.remove(0);
    assert_eq!(both(&dead), wanted);
    s.sqs.release("dlq", vec![dead.receipt_handle]).await.unwrap();
    s.call("StartMessageMoveTask", json!({"SourceArn": s.sqs.arn("dlq")}))
        .await;
    assert_eq!(both(&s.await_one("main").await), wanted);
}

#[tokio::test]
async fn parameters_of_fifo_queues_are_refused() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    let error = s
        .try_call(
            "SendMessage",
            json!({"QueueUrl": "q", "MessageBody": "x", "MessageDeduplicationId": "1"}),
        )
        .await
        .unwrap_err();
    assert_eq!(
        error.message(),
        "Value 1 for parameter MessageDeduplicationId is invalid. Reason: The request include parameter that is not valid \
         for this queue type."
    );
    let system = json!({"Colour": {"DataType": "String", "StringValue": "blue"}});
    let request = json!({"QueueUrl": "q", "MessageBody": "x", "MessageSystemAttributes": system});
    let error = s.try_call("SendMessage", request).await.unwrap_err();
    assert_eq!(
        error.message(),
        "Message system attribute name 'Colour' is invalid."
    );
}
