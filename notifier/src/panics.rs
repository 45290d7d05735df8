//! Panics of the code and of calls: each fails its own record or call, and no invocation throws.

use std::time::Duration;

use queue_consumer::ports::Queue;

use crate::fakes::{World, event, record};
use crate::scenarios::{TIME, handle, notifier, records};

#[test]
fn a_panic_fails_its_own_order() {
    let world = World::with_orders(3);
    *world.panic_on.borrow_mut() = Some(event(2).order_id.to_string());
    assert_eq!(handle(&notifier(&world), &records(1..=3, 1), TIME), ["m-2"]);
    assert_eq!(world.marks(), 2);
}

#[test]
fn an_order_whose_row_cannot_be_read_without_a_panic_fails_alone() {
    let world = World::with_orders(20);
    world.panics_on.set(Some(("read", event(7).order_id)));
    assert_eq!(handle(&notifier(&world), &records(1..=20, 1), TIME), ["m-7"]);
    assert_eq!((world.marks(), world.emails.borrow().len()), (19, 1));
    let retry = &world.sent_to(Queue::Main)[0];
    assert_eq!(retry.attributes()["error_code"].as_text(), Some("panicked"));
}

#[test]
fn an_order_that_cannot_be_marked_without_a_panic_fails_alone() {
    let world = World::with_orders(60);
    world.panics_on.set(Some(("mark", event(7).order_id)));
    assert_eq!(handle(&notifier(&world), &records(1..=60, 1), TIME), ["m-7"]);
    assert_eq!((world.marks(), world.emails.borrow().len()), (59, 1));
}

#[test]
fn a_read_or_a_mark_that_panics_once_is_repeated() {
    let world = World::with_orders(3);
    world.panics.borrow_mut().extend(["read", "mark"]);
    assert!(handle(&notifier(&world), &records(1..=3, 1), TIME).is_empty());
    assert_eq!((world.marks(), world.emails.borrow().len()), (3, 3));
}

#[test]
fn a_panic_while_checking_for_subscribers_sends_nothing_and_passes() {
    let world = World::with_orders(1);
    let notifier = notifier(&world);
    world.panics.borrow_mut().push_back("subscribers");
    assert_eq!(handle(&notifier, &records([1], 1), TIME), ["m-1"]);
    assert!(world.emails.borrow().is_empty());
    assert!(handle(&notifier, &records([1], 2), TIME).is_empty());
    assert_eq!(world.marks(), 1);
}

#[test]
fn a_panic_in_a_call_to_the_queue_is_that_calls_failure() {
    let world = World::with_orders(4);
    world
        .panics
        .borrow_mut()
        .extend(["isolate", "dead-letter", "put off"]);
    let mut batch = records(1..=2, 1);
    batch.extend(records([3], 3));
    batch.push(record("bad", 2, "{"));
    // Isolating, dead-lettering and the first putting off failed.
    assert_eq!(handle(&notifier(&world), &batch, TIME), ["bad", "m-3"]);
    assert_eq!((world.marks(), world.sent.borrow().len()), (2, 0));
    assert_eq!(world.calls_of("put off"), 2);
}

#[test]
fn reading_each_by_itself_leaves_time_to_answer() {
    let world = World::with_orders(100);
    world.call_time.set(Duration::from_secs(2));
    world.panics_on.set(Some(("read", event(1).order_id)));
    let failed = handle(&notifier(&world), &records(1..=100, 1), TIME);
    assert_eq!(failed.len(), 100);
    assert!(world.emails.borrow().is_empty());
    // A panic takes no time here. Reads may begin for 25 s, 2 s each; the rest is for settling.
    assert!(
        (12..=13).contains(&(world.calls_of("read") - 2)),
        "{}",
        world.calls_of("read")
    );
    assert!(function_runtime::Clock::monotonic(&&world) <= TIME);
}
