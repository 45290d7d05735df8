//! Messages that are tried again, with the ports in memory.

use std::time::Duration;

use queue_consumer::batch::BatchError;
use queue_consumer::ports::Queue;
use serde_json::json;

use crate::fakes::{World, event, finish, record};
use crate::scenarios::{TIME, handle, notifier, records};

#[test]
fn an_event_that_is_too_old_is_dead_lettered_with_its_last_reason() {
    let world = World::with_orders(1);
    let mut batch = records([2], 1);
    let reason = |queue| {
        let sent = world.sent_to(queue);
        sent.last()
            .map(|sent| sent.attributes()["error_code"].as_text().unwrap().to_owned())
    };
    // Shortly before the clock of the test begins.
    batch[0]["attributes"]["SentTimestamp"] = json!("1795426500000");
    assert_eq!(handle(&notifier(&world), &batch, TIME), ["m-2"]);
    assert_eq!(reason(Queue::Main).as_deref(), Some("row_missing"));
    world.advance(Duration::from_hours(24));
    assert!(handle(&notifier(&world), &batch, TIME).is_empty());
    assert_eq!(reason(Queue::DeadLetter).as_deref(), Some("row_missing"));
    assert_eq!(world.marks(), 0);
}

#[test]
fn an_event_whose_process_died_twice_goes_to_the_retry_queue_before_any_email() {
    let world = World::with_orders(3);
    let mut batch = records(1..=2, 2);
    batch.extend(records([3], 3));
    assert!(handle(&notifier(&world), &batch, TIME).is_empty());
    assert_eq!(world.calls.borrow()[..2], ["isolate", "read"]);
    assert_eq!(world.marks(), 2);
    let isolated = world.sent_to(Queue::Retry);
    assert_eq!(
        isolated[0].attributes()["error_code"].as_text(),
        Some("process_died")
    );
}

#[test]
fn an_event_of_the_retry_queue_is_notified_at_the_slower_pace() {
    let world = World::with_orders(1);
    let mut alone = records([1], 4);
    alone[0]["eventSourceARN"] = json!("arn:aws:sqs:us-east-1:000000000000:notifications-retry");
    assert!(handle(&notifier(&world), &alone, TIME).is_empty());
    let sent_at = world.emails.borrow()[0].0;
    assert_eq!((sent_at, world.marks()), (Duration::from_secs(2), 1));
}

#[test]
fn copies_share_each_attempt() {
    let world = World::with_orders(1);
    world.faults.borrow_mut().push_back("publish");
    let copies = [
        record("a", 1, &event(1).to_json()),
        record("b", 2, &event(1).to_json()),
    ];
    assert!(handle(&notifier(&world), &copies, TIME).is_empty());
    assert_eq!((world.calls_of("publish"), world.emails.borrow().len()), (2, 1));
}

#[test]
fn a_malformed_record_fails_the_batch_only_after_the_others_are_done() {
    let world = World::with_orders(2);
    let mut batch = records(1..=2, 1);
    // A record without an id can be handled, but not reported. Here nothing has to be reported.
    batch[0].as_object_mut().unwrap().remove("messageId");
    assert!(handle(&notifier(&world), &batch, TIME).is_empty());
    assert_eq!(world.marks(), 2);

    let world = World::with_orders(2);
    let batch = [json!(7), records([1], 1).remove(0), records([2], 1).remove(0)];
    let thrown = finish(notifier(&world).handle(&json!({"Records": batch}).to_string(), TIME));
    assert_eq!((thrown.err(), world.marks()), (Some(BatchError::Unreportable), 2));
}
