//! Batches with records that were received before, with the ports in memory.

use std::time::Duration;

use queue_consumer::batch::BatchError;
use serde_json::{Value, json};

use crate::fakes::{World, event, finish, record};
use crate::scenarios::{TIME, handle, notifier, records};

/// Records of these orders, each with its receive count.
fn received(orders: &[(u32, u32)]) -> Vec<Value> {
    orders
        .iter()
        .flat_map(|&(number, receives)| records([number], receives))
        .collect()
}

#[test]
fn suspects_are_parted_first_and_notified_last_after_finished_messages_are_deleted() {
    let world = World::with_orders(4);
    let batch = received(&[(1, 3), (2, 1), (3, 2), (4, 1)]);
    assert!(handle(&notifier(&world), &batch, TIME).is_empty());
    assert_eq!(
        *world.calls.borrow(),
        [
            "delay",
            "read",
            "subscribers",
            "publish",
            "mark",
            "publish",
            "mark",
            "delete",
            "read",
            "publish",
            "mark",
            "publish",
            "mark"
        ]
    );
    assert_eq!(*world.deleted.borrow(), ["receipt of m-2", "receipt of m-4"]);
    let parted: Vec<(String, u32)> = world
        .delayed
        .borrow()
        .iter()
        .map(|parted| (parted.receipt_handle.clone(), parted.seconds))
        .collect();
    // After the invocation's 30 s, and further apart than the time for which SQS gathers a batch.
    let expected =
        [("receipt of m-1", 40), ("receipt of m-3", 34)].map(|(name, time)| (name.to_owned(), time));
    assert_eq!(parted, expected);
}

#[test]
fn the_likeliest_killers_are_parted_while_there_is_time() {
    let world = World::with_orders(40);
    // Calls that part suspects may begin for three seconds.
    world.call_time.set(Duration::from_secs(1));
    let batch: Vec<Value> = (1..=40)
        .flat_map(|number| records([number], if number > 30 { 5 } else { 2 }))
        .collect();
    assert!(handle(&notifier(&world), &batch, TIME).is_empty());
    let parted = world.delayed.borrow();
    let is_likely = |number: u32| {
        parted
            .iter()
            .any(|parted| parted.receipt_handle == format!("receipt of m-{number}"))
    };
    assert_eq!(parted.len(), 30);
    assert!((31..=40).all(is_likely));
}

#[test]
fn after_an_outage_all_still_share_a_digest() {
    let world = World::with_orders(100);
    assert!(handle(&notifier(&world), &records(1..=100, 4), TIME).is_empty());
    assert_eq!((world.emails.borrow().len(), world.marks()), (1, 100));
    assert_eq!(world.calls_of("delay"), 10);
}

#[test]
fn one_suspect_alone_is_not_parted() {
    let world = World::with_orders(1);
    assert!(handle(&notifier(&world), &records([1], 5), TIME).is_empty());
    assert_eq!((world.calls_of("delay"), world.calls_of("delete")), (0, 0));
}

#[test]
fn suspects_without_time_left_return_at_their_time() {
    let world = World::with_orders(2);
    world.call_time.set(Duration::from_secs(2));
    // Parting, reading, checking for subscribers, sending and marking take 10 s: less than 12 s are left.
    let failed = handle(
        &notifier(&world),
        &received(&[(1, 1), (2, 2)]),
        Duration::from_secs(23),
    );
    assert_eq!((failed, world.marks()), (vec!["m-2".to_owned()], 1));
    let delayed = world.delayed.borrow();
    let delays: Vec<u32> = delayed.iter().map(|delayed| delayed.seconds).collect();
    assert!(delays[0] == 27 && (5..=10).contains(&delays[1]), "{delays:?}");
}

#[test]
fn a_copy_among_the_suspects_shares_the_one_attempt() {
    let world = World::with_orders(1);
    world.faults.borrow_mut().push_back("publish");
    let copies = [
        record("a", 1, &event(1).to_json()),
        record("b", 2, &event(1).to_json()),
    ];
    assert_eq!(handle(&notifier(&world), &copies, TIME), ["a", "b"]);
    assert_eq!(world.calls_of("publish"), 1);
}

#[test]
fn a_queue_that_cannot_part_them_costs_no_email() {
    let world = World::with_orders(30);
    world.faults.borrow_mut().extend(["delay"; 3]);
    assert!(handle(&notifier(&world), &records(1..=30, 2), TIME).is_empty());
    assert_eq!((world.emails.borrow().len(), world.marks()), (1, 30));
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
    let thrown = finish(notifier(&world).handle(json!({"Records": batch}), TIME));
    assert_eq!((thrown.err(), world.marks()), (Some(BatchError::Unreportable), 2));
}
