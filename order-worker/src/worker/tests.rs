//! Whole invocations with the ports in memory.

use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::FutureExt as _;
use order_core::{OrderMessage, Timestamp};
use order_table::OrderRow;
use queue_consumer::batch::BatchError;
use queue_consumer::dead_letter::DeadLetter;
use queue_consumer::failure::Permanence;
use queue_consumer::ports::VisibilityChange;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Worker;
use super::record::{Verdict, forgotten};
use crate::classification::code;
use crate::fakes::{Call, Outside, message};

/// A record `m{number}` with receipt `r{number}`.
fn record(number: usize, body: &str, receive_count: u32) -> Value {
    json!({
        "messageId": format!("m{number}"), "receiptHandle": format!("r{number}"), "body": body,
        "attributes": {"ApproximateReceiveCount": receive_count.to_string()},
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
fn handle(outside: &Outside, event: Value) -> Result<Vec<String>, BatchError> {
    let worker = Worker::new(outside, NonZeroU32::new(12).unwrap(), 1);
    let response = worker
        .handle(event, Duration::from_secs(30))
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

fn failed(outside: &Outside, event: Value) -> Vec<String> {
    handle(outside, event).unwrap()
}

/// The code of each dead letter.
fn codes(outside: &Outside) -> Vec<String> {
    let dead_letters = outside.dead_letters.borrow();
    let code = |dead_letter: &DeadLetter| {
        dead_letter.attributes()["error_code"]
            .as_text()
            .unwrap()
            .to_owned()
    };
    dead_letters.iter().map(code).collect()
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
    assert!(failed(&outside, batch(&bodies(&messages))).is_empty());
    assert_eq!(outside.rows.borrow().len(), 10);
    assert_eq!(outside.events.borrow().len(), 10);
    assert_eq!(*outside.calls.borrow(), [Call::Insert(10), Call::Publish(10)]);
}

#[test]
fn a_hundred_messages_take_fourteen_calls() {
    let outside = Outside::default();
    let messages: Vec<_> = (0..100).map(|number| message(number, "n")).collect();
    assert!(failed(&outside, batch(&bodies(&messages))).is_empty());
    assert_eq!(outside.calls.borrow().len(), 4 + 10);
}

#[test]
fn a_copy_in_the_batch_is_compared_with_the_stored_row() {
    let outside = Outside::default();
    let messages = [message(1, "one"), message(1, "one"), message(1, "other")];
    assert!(failed(&outside, batch(&bodies(&messages))).is_empty());
    assert_eq!(codes(&outside), [code::CONFLICT]);
    assert_eq!(outside.dead_letters.borrow()[0].body(), messages[2].to_json());
    assert_eq!(outside.events.borrow().len(), 1, "one order, one event");
}

#[test]
fn the_stored_row_wins_over_every_copy_in_the_batch() {
    let outside = Outside::default();
    store(&outside, message(1, "other"));
    let messages = [message(1, "one"), message(1, "one"), message(1, "other")];
    assert!(failed(&outside, batch(&bodies(&messages))).is_empty());
    assert_eq!(codes(&outside), [code::CONFLICT, code::CONFLICT]);
    assert!(outside.events.borrow()[0].contains("other"));
}

#[test]
fn a_redelivered_message_is_published_again_as_it_was_stored() {
    let outside = Outside::default();
    store(&outside, message(1, "one"));
    outside.elapsed.set(Duration::from_secs(5));
    assert!(failed(&outside, batch(&bodies(&[message(1, "one")]))).is_empty());
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
    let version = r#"{"schema_version":9}"#.to_owned();
    let event = batch(&[message(1, "one").to_json(), "{".to_owned(), version]);
    assert!(failed(&outside, event).is_empty());
    assert_eq!(codes(&outside), [code::MALFORMED, code::UNKNOWN_VERSION]);
    let dead_letters = outside.dead_letters.borrow();
    let names: Vec<_> = dead_letters[0].attributes().keys().map(String::as_str).collect();
    let expected = [
        "error_code",
        "error_detail",
        "failed_at",
        "receive_count",
        "source_message_id",
        "trace",
    ];
    assert_eq!(names, expected);
    assert_eq!(dead_letters[0].body(), "{");
    assert_eq!(outside.events.borrow().len(), 1);
}

#[test]
fn poison_that_cannot_be_dead_lettered_is_reported_and_returns_later() {
    let outside = Outside::default();
    outside.dead_letter_error.set(Some("AccessDenied"));
    assert_eq!(failed(&outside, batch(&["{".to_owned()])), ["m0"]);
    assert_eq!(outside.delays.borrow().len(), 1);
}

#[test]
fn a_throttled_statement_is_tried_again_within_the_invocation() {
    let outside = Outside::default();
    outside
        .insert_faults
        .borrow_mut()
        .push_back((1, "ThrottlingError"));
    assert!(failed(&outside, batch(&bodies(&[message(1, "a"), message(2, "b")]))).is_empty());
    assert_eq!(
        *outside.calls.borrow(),
        [Call::Insert(2), Call::Insert(1), Call::Publish(2)]
    );
}

#[test]
fn a_statement_that_stays_throttled_is_reported_alone_with_a_delay() {
    let outside = Outside::default();
    outside.insert_faults.borrow_mut().extend([
        (1, "ThrottlingError"),
        (0, "ThrottlingError"),
        (0, "ThrottlingError"),
    ]);
    assert_eq!(
        failed(&outside, batch(&bodies(&[message(1, "a"), message(2, "b")]))),
        ["m1"]
    );
    assert_eq!(outside.events.borrow().len(), 1);
    let delays = outside.delays.borrow();
    let [
        VisibilityChange {
            receipt_handle,
            seconds,
        },
    ] = &delays[..]
    else {
        panic!("one delay")
    };
    assert_eq!(receipt_handle, "r1");
    assert!((3..=5).contains(seconds));
}

#[test]
fn a_refused_permission_is_not_tried_again_at_once() {
    let outside = Outside::default();
    outside
        .insert_errors
        .borrow_mut()
        .push_back("AccessDeniedException");
    assert_eq!(
        failed(&outside, batch(&bodies(&[message(1, "a"), message(2, "b")]))),
        ["m0", "m1"]
    );
    assert_eq!(outside.calls.borrow()[..1], [Call::Insert(2)]);
    assert!(outside.events.borrow().is_empty());
}

#[test]
fn a_call_refused_as_invalid_runs_statement_by_statement() {
    let outside = Outside::default();
    outside
        .insert_errors
        .borrow_mut()
        .extend(["ValidationException", "ValidationException"]);
    assert!(failed(&outside, batch(&bodies(&[message(1, "a"), message(2, "b")]))).is_empty());
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
    assert_eq!(failed(&outside, batch(&bodies(&[message(1, "a")]))), ["m0"]);
    assert!(outside.events.borrow().is_empty());
}

#[test]
fn an_unprocessed_key_is_read_again() {
    let outside = Outside::default();
    store(&outside, message(1, "a"));
    outside.unprocessed.set(1);
    assert!(failed(&outside, batch(&bodies(&[message(1, "a")]))).is_empty());
    assert_eq!(outside.events.borrow().len(), 1);
}

#[test]
fn a_failed_entry_of_a_publish_fails_its_own_message_alone() {
    let outside = Outside::default();
    *outside.publish_fault.borrow_mut() = Some(("unlucky".to_owned(), "InternalError"));
    let messages = [message(1, "a"), message(2, "unlucky"), message(3, "c")];
    assert_eq!(failed(&outside, batch(&bodies(&messages))), ["m1"]);
    assert_eq!(outside.events.borrow().len(), 2);
    assert_eq!(outside.rows.borrow().len(), 3);
}

#[test]
fn an_event_on_which_a_publish_panics_fails_its_own_message_alone() {
    let outside = Outside::default();
    *outside.publish_panics_on.borrow_mut() = Some("unlucky".to_owned());
    let messages = [message(1, "a"), message(2, "unlucky"), message(3, "c")];
    assert_eq!(failed(&outside, batch(&bodies(&messages))), ["m1"]);
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
    assert_eq!(failed(&outside, batch(&bodies(&messages))), ["m1"]);
    assert_eq!(outside.events.borrow().len(), 2);
}

#[test]
fn a_publish_refused_as_invalid_runs_event_by_event() {
    let outside = Outside::default();
    *outside.publish_error.borrow_mut() = Some(("unlucky".to_owned(), "InvalidParameter"));
    let messages = [message(1, "a"), message(2, "unlucky"), message(3, "c")];
    assert_eq!(failed(&outside, batch(&bodies(&messages))), ["m1"]);
    assert_eq!(outside.events.borrow().len(), 2);
}

#[test]
fn a_record_that_was_forgotten_is_not_done() {
    let done = Verdict {
        index: 3,
        order_id: None,
        result: Ok(()),
    };
    let forgotten = forgotten(&[2, 3, 5], &[done]);
    let indices: Vec<usize> = forgotten.iter().map(|verdict| verdict.index).collect();
    assert_eq!(indices, [2, 5]);
    assert!(forgotten.iter().all(|verdict| {
        let failure = verdict.result.as_ref().unwrap_err();
        failure.permanence == Permanence::Transient && failure.code == code::FORGOTTEN
    }));
}

#[test]
fn with_a_slow_table_inserted_orders_are_published() {
    let outside = Outside::default();
    outside.call_time.set(Duration::from_millis(400));
    let messages: Vec<_> = (0..2000).map(|number| message(number, "n")).collect();
    let reported = failed(&outside, batch(&bodies(&messages)));
    // 24 seconds are 60 calls, and inserting all rows would take 80.
    assert!(outside.rows.borrow().len() >= 500);
    assert!(outside.events.borrow().len() >= 400);
    assert_eq!(reported.len(), 2000 - outside.events.borrow().len());
}

#[test]
fn after_an_outage_each_of_a_large_batch_has_its_turn() {
    let outside = Outside::default();
    outside.call_time.set(Duration::from_millis(5));
    let records: Vec<Value> = (0..2000)
        .map(|number| record(number, &message(number as u128, "n").to_json(), 12))
        .collect();
    assert!(failed(&outside, json!({"Records": records})).is_empty());
    assert_eq!(outside.events.borrow().len(), 2000);
    assert!(outside.dead_letters.borrow().is_empty());
}

#[test]
fn the_last_receive_ends_in_the_dead_letter_queue_with_its_last_reason() {
    let outside = Outside::default();
    *outside.publish_fault.borrow_mut() = Some(("a".to_owned(), "InternalError"));
    let event = json!({"Records": [record(0, &message(1, "a").to_json(), 12)]});
    assert!(failed(&outside, event).is_empty());
    assert_eq!(codes(&outside), ["InternalError"]);
    assert!(outside.delays.borrow().is_empty());
}

#[test]
fn near_the_deadline_nothing_begins_and_the_rest_is_reported() {
    let outside = Outside::default();
    outside.call_time.set(Duration::from_secs(8));
    let messages: Vec<_> = (0..200).map(|number| message(number, "n")).collect();
    let reported = failed(&outside, batch(&bodies(&messages)));
    // Three inserts of 25 fit before the margin, no publish does; nothing is acknowledged.
    assert_eq!(outside.rows.borrow().len(), 75);
    assert!(outside.events.borrow().is_empty());
    assert_eq!(reported.len(), 200);
}

#[test]
fn a_call_that_never_answers_is_abandoned_before_the_deadline() {
    let outside = Outside::default();
    outside.hangs.set(true);
    assert_eq!(failed(&outside, batch(&bodies(&[message(1, "a")]))), ["m0"]);
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
    assert_eq!(failed(&outside, batch(&bodies(&messages))), ["m1", "m3"]);
    assert_eq!(outside.events.borrow().len(), 2);
}

#[test]
fn a_suspect_runs_last_and_alone_after_finished_records_are_deleted() {
    let outside = Outside::default();
    let body = |number| message(number, "n").to_json();
    let event = json!({"Records": [
        record(0, &body(1), 3), record(1, &body(2), 1), record(2, &body(3), 7), record(3, &body(4), 2),
    ]});
    assert!(failed(&outside, event).is_empty());
    let deleted =
        |receipts: &[&str]| Call::Delete(receipts.iter().map(|&receipt| receipt.to_owned()).collect());
    let delayed =
        |receipts: &[&str]| Call::Delay(receipts.iter().map(|&receipt| receipt.to_owned()).collect());
    let expected = [
        Call::Insert(2),
        Call::Publish(2),
        deleted(&["r1", "r3"]),
        delayed(&["r0", "r2"]),
        Call::Insert(1),
        Call::Publish(1),
        deleted(&["r0"]),
        Call::Insert(1),
        Call::Publish(1),
    ];
    assert_eq!(*outside.calls.borrow(), expected);
}

#[test]
fn suspects_return_apart_and_soon_if_the_process_dies() {
    let event = |receives: [u32; 3]| {
        let record =
            |number: usize| record(number, &message(number as u128, "n").to_json(), receives[number]);
        json!({"Records": [record(0), record(1), record(2)]})
    };
    // One pair per change: in the first turn all three, in the second turn the second one. The third one waits for no other.
    let delays = |receives| {
        let outside = Outside::default();
        failed(&outside, event(receives));
        let delays = outside.delays.borrow();
        delays
            .iter()
            .map(|change| (change.receipt_handle.clone(), change.seconds))
            .collect::<Vec<_>>()
    };
    let [(turn, at), (_, second), (_, third), (next, again)] = &delays([3, 3, 3])[..] else {
        panic!("four changes")
    };
    assert_eq!((turn.as_str(), next.as_str()), ("r0", "r1"));
    // The invocation is over within 30 seconds; the schedule's third delay is 20 seconds at most.
    assert!(
        (40..=50).contains(at) && (40..=50).contains(again),
        "{at} {again}"
    );
    assert!(
        (60..=70).contains(second) && (60..=70).contains(third),
        "{second} {third}"
    );
    // The least received record first; none is hidden for longer than by its own schedule and a turn.
    let changes = delays([9, 3, 4]);
    let receipts: Vec<&str> = changes.iter().map(|(receipt, _)| receipt.as_str()).collect();
    assert_eq!(receipts, ["r1", "r2", "r0", "r2"]);
    assert!(
        changes[0].1 <= 30 + 20 && changes[1].1 <= 30 + 40 + 20,
        "{changes:?}"
    );
    assert!(
        (30 + 900 + 10..=30 + 900 + 20).contains(&changes[2].1),
        "{changes:?}"
    );
}

#[test]
fn no_answer_can_fail_or_acknowledge_the_wrong_messages() {
    let outside = Outside::default();
    assert_eq!(
        handle(&outside, json!({"records": []})),
        Err(BatchError::NoRecords)
    );
    assert_eq!(handle(&outside, json!({"Records": []})), Ok(Vec::new()));
    // A record without an id is dead-lettered. If that fails, the whole batch stays in the queue.
    let without_id = json!({"Records": [{"body": "x"}]});
    assert_eq!(handle(&outside, without_id.clone()), Ok(Vec::new()));
    assert_eq!(codes(&outside), [code::MALFORMED]);
    outside.dead_letter_error.set(Some("InternalError"));
    assert_eq!(handle(&outside, without_id), Err(BatchError::Unreportable));
    // A record without a body has no dead letter.
    assert_eq!(
        failed(
            &outside,
            json!({"Records": [{"messageId": "m"}, {"messageId": "m"}]})
        ),
        ["m"]
    );
}

#[test]
fn the_sample_event_is_handled() {
    let event: Value = serde_json::from_str(include_str!("../../../events/order-worker-batch.json")).unwrap();
    let body: Value = serde_json::from_str(event["Records"][0]["body"].as_str().unwrap()).unwrap();
    let order = order_core::Order::parse(&body["order"]).unwrap();
    assert_eq!(
        body["fingerprint"],
        order_core::Fingerprint::of(&order).to_string()
    );
    let outside = Outside::default();
    assert!(failed(&outside, event).is_empty());
    assert_eq!(outside.rows.borrow().len(), 1);
    assert_eq!(outside.events.borrow().len(), 1);
    assert_eq!(codes(&outside), [code::MALFORMED]);
}
