//! Whole invocations with the ports in memory.

use std::time::Duration;

use function_runtime::call_error::code::{PANICKED, TIMED_OUT};
use futures_util::FutureExt as _;
use order_core::{CancellationMessage, OrderMessage, Timestamp, event};
use order_table::{OrderRow, Tombstone};
use queue_consumer::batch::BatchError;
use queue_consumer::failure::code;
use queue_consumer::ports::Queue;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Worker;
use crate::fakes::{Call, Outside, message, retries};

/// A record `m{number}` with receipt `r{number}`.
fn record(number: usize, body: &str, receive_count: u32) -> Value {
    json!({
        "messageId": format!("m{number}"), "receiptHandle": format!("r{number}"), "body": body,
        "attributes": {"ApproximateReceiveCount": receive_count.to_string(), "SentTimestamp": "0"},
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:orders",
        "messageAttributes": {"trace": {"stringValue": "t", "dataType": "String"}},
    })
}

fn batch(bodies: &[String]) -> Value {
    let records = bodies
        .iter()
        .enumerate()
        .map(|(number, body)| record(number, body, 1));
    json!({"Records": records.collect::<Vec<_>>()})
}

fn bodies(messages: &[OrderMessage]) -> Vec<String> {
    messages.iter().map(OrderMessage::to_json).collect()
}

/// Handles an event with 30 seconds; the fakes never wait, so that one poll completes it.
fn handle(outside: &Outside, event: &Value) -> Result<Vec<String>, BatchError> {
    let worker = Worker::new(outside, retries(), 1);
    let response = worker
        .handle(&event.to_string(), Duration::from_secs(30))
        .now_or_never()
        .expect("nothing waits");
    response.map(|response| {
        response
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect()
    })
}

fn failed(outside: &Outside, event: &Value) -> Vec<String> {
    handle(outside, event).unwrap()
}

/// The code of each message that was sent to a queue.
fn sent(outside: &Outside, to: Queue) -> Vec<String> {
    let sent = outside.sent.borrow();
    let to_queue = sent.iter().filter(|(queue, _)| *queue == to);
    let code = |(_, message): &(Queue, queue_consumer::outgoing::Outgoing)| {
        message.attributes()["error_code"].as_text().unwrap().to_owned()
    };
    to_queue.map(code).collect()
}

/// The code of each dead letter.
fn codes(outside: &Outside) -> Vec<String> {
    sent(outside, Queue::DeadLetter)
}

/// Handles a batch of which no message stays in the queue. Returns the codes of those that were sent again.
fn sent_again(outside: &Outside, event: &Value) -> Vec<String> {
    assert!(failed(outside, event).is_empty());
    sent(outside, Queue::Main)
}

fn store(outside: &Outside, message: OrderMessage) {
    let row = OrderRow::confirmed(message, Timestamp::new(OffsetDateTime::UNIX_EPOCH));
    outside
        .rows
        .borrow_mut()
        .insert(row.order_id.to_string(), row.to_attributes());
}

#[test]
fn a_batch_is_inserted_in_one_call_and_published_in_one() {
    let outside = Outside::default();
    let messages: Vec<_> = (0..10).map(|number| message(number, "n")).collect();
    assert!(failed(&outside, &batch(&bodies(&messages))).is_empty());
    assert_eq!(outside.rows.borrow().len(), 10);
    assert_eq!(outside.events.borrow().len(), 10);
    assert_eq!(*outside.calls.borrow(), [Call::Insert(10), Call::Publish(10)]);
}

#[test]
fn a_hundred_messages_take_fourteen_calls() {
    let outside = Outside::default();
    let messages: Vec<_> = (0..100).map(|number| message(number, "n")).collect();
    assert!(failed(&outside, &batch(&bodies(&messages))).is_empty());
    assert_eq!(outside.calls.borrow().len(), 4 + 10);
}

#[test]
fn a_copy_in_the_batch_is_compared_with_the_stored_row() {
    let outside = Outside::default();
    let messages = [message(1, "one"), message(1, "one"), message(1, "other")];
    assert!(failed(&outside, &batch(&bodies(&messages))).is_empty());
    assert_eq!(codes(&outside), [code::CONFLICT]);
    assert_eq!(outside.sent.borrow()[0].1.body(), messages[2].to_json());
    assert_eq!(outside.events.borrow().len(), 1, "one order, one event");
}

/// Handles a batch by a worker that keeps orders for 90 days. The messages were accepted in 1970.
fn handle_too_late(outside: &Outside, messages: &[OrderMessage]) {
    let worker = Worker::new(outside, retries(), 1).keeping("90".parse().unwrap());
    outside.elapsed.set(Duration::from_hours(24) * 89);
    let event = batch(&bodies(messages)).to_string();
    let handled = worker.handle(&event, Duration::from_secs(30));
    let response = handled.now_or_never().expect("nothing waits").unwrap();
    assert!(response.batch_item_failures.is_empty());
}

#[test]
fn an_order_whose_row_may_have_been_deleted_is_not_stored_again() {
    let outside = Outside::default();
    handle_too_late(&outside, &[message(1, "one"), message(1, "one")]);
    assert_eq!(codes(&outside), [code::EXPIRED; 2]);
    assert!(outside.rows.borrow().is_empty() && outside.events.borrow().is_empty());
}

#[test]
fn a_late_message_is_compared_with_a_row_that_is_still_there() {
    let outside = Outside::default();
    store(&outside, message(1, "one"));
    store(&outside, message(2, "two"));
    handle_too_late(&outside, &[message(1, "one"), message(2, "other")]);
    assert_eq!(codes(&outside), [code::CONFLICT]);
    assert_eq!(outside.events.borrow().len(), 1);
}

#[test]
fn a_late_message_of_an_erased_order_is_done() {
    let outside = Outside::default();
    let tombstone = Tombstone {
        order_id: message(1, "one").order_id,
        erased_at: Timestamp::new(OffsetDateTime::UNIX_EPOCH),
        erasing: None,
    };
    let item = (tombstone.order_id.to_string(), tombstone.to_attributes());
    outside.rows.borrow_mut().extend([item]);
    handle_too_late(&outside, &[message(1, "one")]);
    assert!(outside.sent.borrow().is_empty() && outside.events.borrow().is_empty());
}

#[test]
fn a_stored_row_has_its_end() {
    let outside = Outside::default();
    let worker = Worker::new(&outside, retries(), 1).keeping("90".parse().unwrap());
    let event = batch(&bodies(&[message(1, "one")])).to_string();
    let handled = worker.handle(&event, Duration::from_secs(30));
    handled.now_or_never().expect("nothing waits").unwrap();
    let rows = outside.rows.borrow();
    let ends: Vec<_> = rows.values().map(|row| row.get("expires_at").cloned()).collect();
    assert_eq!(ends, [Some(json!(90 * 24 * 60 * 60))]);
}

fn cancellation(number: u128) -> String {
    let cancellation = CancellationMessage {
        order_id: message(number, "n").order_id,
        requested_at: Timestamp::new(OffsetDateTime::UNIX_EPOCH),
    };
    cancellation.to_json()
}

/// The type of each published event.
fn event_types(outside: &Outside) -> Vec<String> {
    let events = outside.events.borrow();
    let of = |event: &String| serde_json::from_str::<Value>(event).unwrap()["type"].clone();
    events
        .iter()
        .map(|event| of(event).as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn an_order_is_cancelled_once_and_its_event_is_that_of_the_stored_row() {
    let outside = Outside::default();
    store(&outside, message(1, "one"));
    outside.elapsed.set(Duration::from_secs(5));
    let twice = [cancellation(1), cancellation(1)];
    assert!(failed(&outside, &batch(&twice)).is_empty());
    assert_eq!(event_types(&outside), [event::CANCELLED_TYPE]);
    let cancelled = outside.rows.borrow().clone();
    let row = OrderRow::from_attributes(cancelled.values().next().unwrap()).unwrap();
    assert_eq!(
        row.cancellation.unwrap().cancelled_at.to_string(),
        "1970-01-01T00:00:05.000Z"
    );
    // Later again: the same state and the same event.
    outside.elapsed.set(Duration::from_mins(1));
    assert!(failed(&outside, &batch(&twice[..1])).is_empty());
    assert_eq!(*outside.rows.borrow(), cancelled);
    let events = outside.events.borrow();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0], events[1]);
}

#[test]
fn an_order_and_its_cancellation_in_one_batch_are_both_done() {
    let outside = Outside::default();
    let bodies = [cancellation(1), message(1, "one").to_json()];
    assert!(failed(&outside, &batch(&bodies)).is_empty());
    assert_eq!(event_types(&outside), [event::TYPE, event::CANCELLED_TYPE]);
    let calls = [Call::Insert(1), Call::Cancel(1), Call::Read(1), Call::Publish(2)];
    assert_eq!(*outside.calls.borrow(), calls);
}

#[test]
fn a_cancellation_waits_for_its_order_and_is_dead_lettered_when_it_is_too_old() {
    let outside = Outside::default();
    let event = batch(&[cancellation(1)]);
    assert_eq!(sent_again(&outside, &event), [code::ORDER_MISSING]);
    outside.elapsed.set(Duration::from_hours(25));
    assert!(failed(&outside, &event).is_empty());
    assert_eq!(codes(&outside), [code::ORDER_MISSING]);
    // The order itself has not failed.
    assert!(!outside.calls.borrow().contains(&Call::Mark(1)));
    assert!(outside.events.borrow().is_empty());
}

#[test]
fn a_cancellation_of_an_erased_order_is_done() {
    let outside = Outside::default();
    let tombstone = Tombstone {
        order_id: message(1, "one").order_id,
        erased_at: Timestamp::new(OffsetDateTime::UNIX_EPOCH),
        erasing: None,
    };
    let id = tombstone.order_id.to_string();
    let attributes = tombstone.to_attributes();
    outside.rows.borrow_mut().insert(id.clone(), attributes.clone());
    assert!(failed(&outside, &batch(&[cancellation(1)])).is_empty());
    assert_eq!(outside.rows.borrow()[&id], attributes);
    assert!(outside.events.borrow().is_empty() && outside.sent.borrow().is_empty());
}

#[test]
fn a_copy_of_a_cancelled_order_changes_nothing() {
    let outside = Outside::default();
    store(&outside, message(1, "one"));
    assert!(failed(&outside, &batch(&[cancellation(1)])).is_empty());
    let cancelled = outside.rows.borrow().clone();
    assert!(failed(&outside, &batch(&[message(1, "one").to_json()])).is_empty());
    assert_eq!(*outside.rows.borrow(), cancelled);
    assert_eq!(event_types(&outside), [event::CANCELLED_TYPE, event::TYPE]);
}

#[test]
fn a_cancellation_that_the_table_does_not_take_is_tried_again() {
    let outside = Outside::default();
    store(&outside, message(1, "one"));
    let errors = ["ThrottlingException"; 100];
    outside.cancel_errors.borrow_mut().extend(errors);
    assert_eq!(
        sent_again(&outside, &batch(&[cancellation(1), message(2, "two").to_json()])),
        ["ThrottlingException"]
    );
    assert_eq!(
        event_types(&outside),
        [event::TYPE],
        "the order beside it is done"
    );
}

#[test]
fn a_message_of_an_erased_order_is_done_and_brings_nothing_back() {
    let outside = Outside::default();
    let messages = [message(1, "one"), message(1, "other"), message(2, "two")];
    let tombstone = Tombstone {
        order_id: messages[0].order_id,
        erased_at: Timestamp::new(OffsetDateTime::UNIX_EPOCH),
        erasing: None,
    };
    let id = tombstone.order_id.to_string();
    outside
        .rows
        .borrow_mut()
        .insert(id.clone(), tombstone.to_attributes());
    assert!(failed(&outside, &batch(&bodies(&messages))).is_empty());
    assert_eq!(outside.rows.borrow()[&id], tombstone.to_attributes());
    assert!(
        outside.sent.borrow().is_empty(),
        "no dead letter, and none is tried again"
    );
    assert_eq!(outside.events.borrow().len(), 1, "of the other order");
}

#[test]
fn the_stored_row_wins_over_every_copy_in_the_batch() {
    let outside = Outside::default();
    store(&outside, message(1, "other"));
    let messages = [message(1, "one"), message(1, "one"), message(1, "other")];
    assert!(failed(&outside, &batch(&bodies(&messages))).is_empty());
    assert_eq!(codes(&outside), [code::CONFLICT, code::CONFLICT]);
    assert!(outside.events.borrow()[0].contains("other"));
}

#[test]
fn a_redelivered_message_is_published_again_as_it_was_stored() {
    let outside = Outside::default();
    store(&outside, message(1, "one"));
    outside.elapsed.set(Duration::from_secs(5));
    assert!(failed(&outside, &batch(&bodies(&[message(1, "one")]))).is_empty());
    assert_eq!(
        *outside.calls.borrow(),
        [Call::Insert(1), Call::Read(1), Call::Publish(1)]
    );
    let event: Value = serde_json::from_str(&outside.events.borrow()[0]).unwrap();
    assert_eq!(
        event["time"], "1970-01-01T00:00:00.000Z",
        "the times come from the row"
    );
}

#[test]
fn poison_goes_straight_to_the_dead_letter_queue_with_its_attributes() {
    let outside = Outside::default();
    let event = batch(&[message(1, "one").to_json(), "{".to_owned()]);
    assert!(failed(&outside, &event).is_empty());
    assert_eq!(codes(&outside), [code::MALFORMED]);
    let sent = outside.sent.borrow();
    let names: Vec<_> = sent[0].1.attributes().keys().map(String::as_str).collect();
    let expected = [
        "error_code",
        "error_detail",
        "failed_at",
        "receive_count",
        "source_message_id",
        "trace",
    ];
    assert_eq!(names, expected);
    assert_eq!(sent[0].1.body(), "{");
    assert_eq!(outside.events.borrow().len(), 1);
}

#[test]
fn a_message_of_a_later_version_waits_for_the_code_that_reads_it() {
    let outside = Outside::default();
    let event = || batch(&[r#"{"schema_version":9}"#.to_owned(), message(1, "one").to_json()]);
    assert_eq!(sent_again(&outside, &event()), [code::UNKNOWN_VERSION]);
    assert_eq!(outside.events.borrow().len(), 1);
    outside.elapsed.set(Duration::from_hours(24));
    assert!(failed(&outside, &event()).is_empty());
    assert_eq!(codes(&outside), [code::UNKNOWN_VERSION]);
}

#[test]
fn poison_that_cannot_be_dead_lettered_is_reported_and_returns_later() {
    let outside = Outside::default();
    outside.send_error.set(Some("AccessDenied"));
    assert_eq!(failed(&outside, &batch(&["{".to_owned()])), ["m0"]);
    assert_eq!(
        *outside.calls.borrow(),
        [Call::Send(Queue::DeadLetter, 1), Call::PutOff(1)]
    );
}

#[test]
fn a_throttled_statement_is_tried_again_within_the_invocation() {
    let outside = Outside::default();
    outside
        .insert_faults
        .borrow_mut()
        .push_back((1, "ThrottlingError"));
    assert!(failed(&outside, &batch(&bodies(&[message(1, "a"), message(2, "b")]))).is_empty());
    assert_eq!(
        *outside.calls.borrow(),
        [Call::Insert(2), Call::Insert(1), Call::Publish(2)]
    );
}

#[test]
fn a_statement_that_stays_throttled_is_sent_again_alone_with_a_delay() {
    let outside = Outside::default();
    outside.insert_faults.borrow_mut().extend([
        (1, "ThrottlingError"),
        (0, "ThrottlingError"),
        (0, "ThrottlingError"),
    ]);
    let event = batch(&bodies(&[message(1, "a"), message(2, "b")]));
    assert_eq!(sent_again(&outside, &event), ["ThrottlingError"]);
    assert_eq!(outside.events.borrow().len(), 1);
    let sent = outside.sent.borrow();
    assert_eq!(sent[0].1.body(), message(2, "b").to_json());
    assert!((3..=5).contains(&sent[0].1.delay_seconds()));
}

/// The number of calls that insert, and the maximum number of their rows.
fn inserts(outside: &Outside) -> (usize, usize) {
    let calls = outside.calls.borrow();
    let rows: Vec<usize> = calls
        .iter()
        .filter_map(|call| match call {
            Call::Insert(rows) => Some(*rows),
            _ => None,
        })
        .collect();
    (rows.len(), rows.into_iter().max().unwrap_or_default())
}

#[test]
fn an_invocation_holds_its_batch_while_the_table_is_away_and_probes_with_one_call() {
    for code in ["InternalServerError", "ThrottlingException"] {
        let outside = Outside::default();
        outside.insert_errors.borrow_mut().extend([code; 1000]);
        let messages: Vec<_> = (0..1000).map(|number| message(number, "n")).collect();
        assert_eq!(sent_again(&outside, &batch(&bodies(&messages))), [code; 1000]);
        // Of 40 calls for all rows, only those for the first 25 rows are made, in 24 seconds.
        let (calls, rows) = inserts(&outside);
        assert!((9..=14).contains(&calls) && rows == 25, "{calls} calls");
        assert!(outside.elapsed.get() <= Duration::from_secs(24));
        let sent = outside.sent.borrow();
        assert!(
            sent.iter()
                .all(|(_, message)| (3..=30).contains(&message.delay_seconds()))
        );
    }
}

#[test]
fn no_batch_is_held_for_a_missing_permission() {
    let outside = Outside::default();
    outside
        .insert_errors
        .borrow_mut()
        .extend(["AccessDeniedException"; 1000]);
    let event = batch(&bodies(&[message(1, "a"), message(2, "b")]));
    assert_eq!(sent_again(&outside, &event), ["AccessDeniedException"; 2]);
    assert_eq!(inserts(&outside), (3, 2));
    assert!(outside.elapsed.get() < Duration::from_secs(1));
}

/// On AWS the deletion of the original by Lambda comes to the calls of a message that was sent again.
#[test]
fn a_message_that_is_tried_again_takes_two_calls_at_most() {
    for (send_error, expected) in [
        (None, vec![Call::Send(Queue::Main, 10)]),
        (
            Some("AccessDenied"),
            vec![Call::Send(Queue::Main, 10), Call::PutOff(10)],
        ),
    ] {
        let outside = Outside::default();
        outside
            .insert_errors
            .borrow_mut()
            .extend(["ThrottlingException"; 1000]);
        outside.send_error.set(send_error);
        let messages: Vec<_> = (0..10).map(|number| message(number, "n")).collect();
        failed(&outside, &batch(&bodies(&messages)));
        let mut calls = outside.calls.take();
        calls.retain(|call| !matches!(call, Call::Insert(_)));
        assert_eq!(calls, expected);
    }
}

#[test]
fn when_the_table_returns_the_batch_that_is_held_is_done_at_once() {
    let outside = Outside::default();
    outside
        .insert_errors
        .borrow_mut()
        .extend(["InternalServerError"; 5]);
    let messages: Vec<_> = (0..100).map(|number| message(number, "n")).collect();
    assert!(failed(&outside, &batch(&bodies(&messages))).is_empty());
    assert!(outside.sent.borrow().is_empty());
    assert_eq!(outside.events.borrow().len(), 100);
    assert!(outside.elapsed.get() <= Duration::from_millis(100 + 200 + 400 + 800 + 1600));
}

#[test]
fn an_invocation_holds_its_batch_while_the_topic_is_away() {
    let outside = Outside::default();
    *outside.publish_error.borrow_mut() = Some(("order".to_owned(), "InternalError"));
    let messages: Vec<_> = (0..600).map(|number| message(number, "n")).collect();
    assert_eq!(
        sent_again(&outside, &batch(&bodies(&messages))),
        ["InternalError"; 600]
    );
    let publishes = outside
        .calls
        .borrow()
        .iter()
        .filter(|call| matches!(call, Call::Publish(_)))
        .count();
    assert!((9..=14).contains(&publishes), "{publishes} calls");
    // No order of the second slice is inserted.
    assert_eq!(outside.rows.borrow().len(), 500);
}

#[test]
fn a_call_refused_as_invalid_runs_statement_by_statement() {
    let outside = Outside::default();
    outside
        .insert_errors
        .borrow_mut()
        .extend(["ValidationException", "ValidationException"]);
    assert!(failed(&outside, &batch(&bodies(&[message(1, "a"), message(2, "b")]))).is_empty());
    assert_eq!(
        outside.calls.borrow()[..3],
        [Call::Insert(2), Call::Insert(1), Call::Insert(1)]
    );
    assert_eq!(codes(&outside), [code::INVALID_ITEM]);
    assert_eq!(outside.events.borrow().len(), 1);
}

#[test]
fn a_duplicate_without_a_row_is_reported() {
    let outside = Outside::default();
    store(&outside, message(1, "a"));
    outside.hides_rows.set(true);
    assert_eq!(
        sent_again(&outside, &batch(&bodies(&[message(1, "a")]))),
        [code::ROW_MISSING]
    );
    assert!(outside.events.borrow().is_empty());
}

#[test]
fn an_unprocessed_key_is_read_again() {
    let outside = Outside::default();
    store(&outside, message(1, "a"));
    outside.unprocessed.set(1);
    assert!(failed(&outside, &batch(&bodies(&[message(1, "a")]))).is_empty());
    assert_eq!(outside.events.borrow().len(), 1);
}

#[test]
fn a_failed_entry_of_a_publish_fails_its_own_message_alone() {
    let outside = Outside::default();
    *outside.publish_fault.borrow_mut() = Some(("unlucky".to_owned(), "InternalError"));
    let messages = [message(1, "a"), message(2, "unlucky"), message(3, "c")];
    assert_eq!(
        sent_again(&outside, &batch(&bodies(&messages))),
        ["InternalError"]
    );
    assert_eq!(outside.events.borrow().len(), 2);
    assert_eq!(outside.rows.borrow().len(), 3);
}

#[test]
fn an_event_on_which_a_publish_panics_fails_its_own_message_alone() {
    let outside = Outside::default();
    *outside.publish_panics_on.borrow_mut() = Some("unlucky".to_owned());
    let messages = [message(1, "a"), message(2, "unlucky"), message(3, "c")];
    assert_eq!(sent_again(&outside, &batch(&bodies(&messages))), [PANICKED]);
    assert_eq!(outside.events.borrow().len(), 2);
}

#[test]
fn a_row_on_which_a_read_panics_fails_its_own_message_alone() {
    let outside = Outside::default();
    let messages = [message(1, "a"), message(2, "b"), message(3, "c")];
    for message in &messages {
        store(&outside, message.clone());
    }
    outside.read_panics_on.set(Some(messages[1].order_id));
    assert_eq!(sent_again(&outside, &batch(&bodies(&messages))), [PANICKED]);
    assert_eq!(outside.events.borrow().len(), 2);
}

#[test]
fn a_publish_refused_as_invalid_runs_event_by_event() {
    let outside = Outside::default();
    *outside.publish_error.borrow_mut() = Some(("unlucky".to_owned(), "InvalidParameter"));
    let messages = [message(1, "a"), message(2, "unlucky"), message(3, "c")];
    assert_eq!(
        sent_again(&outside, &batch(&bodies(&messages))),
        ["InvalidParameter"]
    );
    assert_eq!(outside.events.borrow().len(), 2);
}

#[test]
fn with_a_slow_table_inserted_orders_are_published() {
    let outside = Outside::default();
    outside.call_time.set(Duration::from_millis(400));
    let messages: Vec<_> = (0..2000).map(|number| message(number, "n")).collect();
    let reported = failed(&outside, &batch(&bodies(&messages)));
    // 24 seconds are 60 calls, and inserting all rows would take 80.
    assert!(outside.rows.borrow().len() >= 500);
    assert!(outside.events.borrow().len() >= 400);
    let not_done = reported.len() + sent(&outside, Queue::Main).len();
    assert_eq!(not_done, 2000 - outside.events.borrow().len());
}

#[test]
fn an_order_that_is_too_old_ends_in_the_dead_letter_queue_with_its_last_reason() {
    let outside = Outside::default();
    *outside.publish_fault.borrow_mut() = Some(("a".to_owned(), "InternalError"));
    let event = || json!({"Records": [record(0, &message(1, "a").to_json(), 1)]});
    outside.elapsed.set(Duration::from_hours(23));
    assert_eq!(sent_again(&outside, &event()), ["InternalError"]);
    outside.elapsed.set(Duration::from_hours(24));
    assert!(failed(&outside, &event()).is_empty());
    assert_eq!(codes(&outside), ["InternalError"]);
}

#[test]
fn near_the_deadline_nothing_begins_and_the_rest_is_reported() {
    let outside = Outside::default();
    outside.call_time.set(Duration::from_secs(8));
    let messages: Vec<_> = (0..200).map(|number| message(number, "n")).collect();
    let reported = failed(&outside, &batch(&bodies(&messages)));
    let sent = sent(&outside, Queue::Main);
    // Three inserts of 25 fit before the margin, no publish does; nothing is acknowledged.
    assert_eq!(outside.rows.borrow().len(), 75);
    assert!(outside.events.borrow().is_empty());
    assert_eq!(reported.len() + sent.len(), 200);
}

#[test]
fn a_call_that_never_answers_is_abandoned_before_the_deadline() {
    let outside = Outside::default();
    outside.hangs.set(true);
    assert_eq!(
        sent_again(&outside, &batch(&bodies(&[message(1, "a")]))),
        [TIMED_OUT]
    );
    assert!(outside.elapsed.get() < Duration::from_secs(30));
}

#[test]
fn a_panic_in_one_record_fails_that_record_alone() {
    let outside = Outside::default();
    *outside.panics_on.borrow_mut() = Some("bad".to_owned());
    // The budget reads the clock first, then each record does: the fourth record panics before it is decoded.
    outside.clock_panics_after.set(Some(4));
    let messages = [
        message(1, "a"),
        message(2, "bad"),
        message(3, "c"),
        message(4, "d"),
    ];
    assert_eq!(sent_again(&outside, &batch(&bodies(&messages))), [PANICKED; 2]);
    assert_eq!(outside.events.borrow().len(), 2);
}

#[test]
fn a_record_whose_process_died_twice_is_not_worked_on_before_it_is_alone() {
    let outside = Outside::default();
    let body = |number| message(number, "n").to_json();
    let event = json!({"Records": [record(0, &body(1), 3), record(1, &body(2), 1), record(2, &body(3), 2)]});
    assert!(failed(&outside, &event).is_empty());
    assert_eq!(
        *outside.calls.borrow(),
        [Call::Send(Queue::Retry, 1), Call::Insert(2), Call::Publish(2)]
    );
    assert_eq!(sent(&outside, Queue::Retry), ["process_died"]);
    // The retry queue delivers it alone, and it is worked on.
    let mut alone = record(0, &body(1), 3);
    alone["eventSourceARN"] = json!("arn:aws:sqs:us-east-1:000000000000:orders-retry");
    assert!(failed(&outside, &json!({"Records": [alone]})).is_empty());
    assert_eq!(outside.rows.borrow().len(), 3);
}

#[test]
fn a_record_that_cannot_be_isolated_is_put_off_without_work() {
    let outside = Outside::default();
    outside.send_error.set(Some("ServiceUnavailable"));
    let event = json!({"Records": [record(0, &message(1, "n").to_json(), 3)]});
    assert_eq!(failed(&outside, &event), ["m0"]);
    assert_eq!(
        *outside.calls.borrow(),
        [Call::Send(Queue::Retry, 1), Call::PutOff(1)]
    );
}

#[test]
fn no_answer_can_fail_or_acknowledge_the_wrong_messages() {
    let outside = Outside::default();
    assert_eq!(
        handle(&outside, &json!({"records": []})),
        Err(BatchError::NoRecords)
    );
    assert_eq!(handle(&outside, &json!({"Records": []})), Ok(Vec::new()));
    // A record without an id is dead-lettered. If that fails, the whole batch stays in the queue.
    let without_id = json!({"Records": [{"body": "x"}]});
    assert_eq!(handle(&outside, &without_id.clone()), Ok(Vec::new()));
    assert_eq!(codes(&outside), [code::MALFORMED]);
    outside.send_error.set(Some("InternalError"));
    assert_eq!(handle(&outside, &without_id), Err(BatchError::Unreportable));
    // A record without a body has no dead letter.
    assert_eq!(
        failed(
            &outside,
            &json!({"Records": [{"messageId": "m"}, {"messageId": "m"}]})
        ),
        ["m"]
    );
}

#[test]
fn the_sample_event_is_handled() {
    let event: Value = serde_json::from_str(include_str!("../../../events/order-worker-batch.json")).unwrap();
    let body: Value = serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
    let order = order_core::Order::restore(&body["order"]).unwrap();
    assert_eq!(
        body["fingerprint"],
        order_core::Fingerprint::of(&order).to_string()
    );
    let outside = Outside::default();
    assert!(failed(&outside, &event).is_empty());
    assert_eq!(outside.rows.borrow().len(), 1);
    assert_eq!(outside.events.borrow().len(), 1);
    assert_eq!(codes(&outside), [code::MALFORMED]);
}
