//! The notifier as a whole, with the ports in memory.

use std::time::Duration;

use function_runtime::Clock as _;
use queue_consumer::batch::BatchError;
use queue_consumer::ports::Queue;
use queue_consumer::retries::Retries;
use serde_json::{Value, json};

use crate::config::Settings;
use crate::fakes::{World, cancelled, event, finish, record};
use crate::notifier::Notifier;

pub(crate) const TIME: Duration = Duration::from_secs(30);

pub(crate) fn notifier(world: &World) -> Notifier<&World> {
    notifier_with(world, true)
}

fn notifier_with(world: &World, emails_wanted: bool) -> Notifier<&World> {
    let settings = Settings {
        retries: Retries {
            queue_url: "http://q/0/notifications-retry".to_owned(),
            max_age: Duration::from_hours(24),
        },
        emails_wanted,
        digest_threshold: 10,
        email_interval: Duration::from_millis(250),
        retry_email_interval: Duration::from_secs(2),
    };
    Notifier::new(world, settings, 7)
}

/// Handles records. Returns the ids of those that are not done: first those that were sent again, then those that stay.
pub(crate) fn handle(notifier: &Notifier<&World>, records: &[Value], time_left: Duration) -> Vec<String> {
    let before = notifier.ports().sent_again().len();
    let response = finish(notifier.handle(&json!({"Records": records}).to_string(), time_left)).unwrap();
    let sent_again = notifier.ports().sent_again().split_off(before);
    let sent_again = sent_again.into_iter().map(|number| format!("m-{number}"));
    let reported = response.batch_item_failures.into_iter();
    sent_again
        .chain(reported.map(|failure| failure.item_identifier))
        .collect()
}

pub(crate) fn records(numbers: impl IntoIterator<Item = u32>, receive_count: u32) -> Vec<Value> {
    let of = |number| record(&format!("m-{number}"), receive_count, &event(number).to_json());
    numbers.into_iter().map(of).collect()
}

#[test]
fn nobody_is_emailed_about_an_erased_order() {
    let world = World::with_orders(3);
    let erased = event(2).order_id;
    world.rows.borrow_mut().remove(&erased);
    world.erased.borrow_mut().insert(erased);
    assert!(handle(&notifier(&world), &records(1..=3, 1), TIME).is_empty());
    assert_eq!((world.marks(), world.emails.borrow().len()), (2, 2));
    let emails = world.emails.borrow();
    let names = |(_, email): &(Duration, crate::email::Email)| email.body.contains(&erased.to_string());
    assert!(!emails.iter().any(names));
    assert!(
        world.sent.borrow().is_empty(),
        "no dead letter, and none is tried again"
    );
}

#[test]
fn a_cancellation_is_emailed_once_and_marked_apart() {
    let world = World::with_orders(2);
    let order = event(1).order_id;
    assert!(handle(&notifier(&world), &records([1], 1), TIME).is_empty());
    world.cancelled.borrow_mut().insert(order, None);
    let cancellation = [record("c", 1, &cancelled(1).to_json())];
    for _ in 0..2 {
        assert!(handle(&notifier(&world), &cancellation, TIME).is_empty());
        let emails = world.emails.borrow();
        let subjects: Vec<&str> = emails.iter().map(|(_, email)| email.subject.as_str()).collect();
        assert_eq!(
            subjects,
            [
                "Order 00000001 confirmed: EUR 29.95",
                "Order 00000001 cancelled: EUR 29.95"
            ]
        );
    }
    let [confirmation, cancellation] =
        [&world.rows, &world.cancelled].map(|rows| rows.borrow()[&order].clone().unwrap().id);
    assert_ne!(confirmation, cancellation);
}

#[test]
fn nobody_is_told_that_a_cancelled_order_is_confirmed() {
    let world = World::with_orders(2);
    world.cancelled.borrow_mut().insert(event(1).order_id, None);
    let batch = [
        record("a", 1, &event(1).to_json()),
        record("b", 1, &cancelled(1).to_json()),
        record("c", 1, &event(2).to_json()),
    ];
    assert!(handle(&notifier(&world), &batch, TIME).is_empty());
    let emails = world.emails.borrow();
    let mut subjects: Vec<&str> = emails.iter().map(|(_, email)| email.subject.as_str()).collect();
    subjects.sort_unstable();
    assert_eq!(
        subjects,
        [
            "Order 00000001 cancelled: EUR 29.95",
            "Order 00000002 confirmed: EUR 29.95"
        ]
    );
    assert_eq!(world.marks(), 1, "the cancelled order is not marked as confirmed");
}

#[test]
fn a_busy_batch_has_a_digest_of_each_type() {
    let world = World::with_orders(30);
    let orders = (1..=12).map(|number| (event(number).order_id, None));
    world.cancelled.borrow_mut().extend(orders);
    let mut batch = records(13..=30, 1);
    batch.extend((1..=12).map(|number| record(&format!("c-{number}"), 1, &cancelled(number).to_json())));
    assert!(handle(&notifier(&world), &batch, TIME).is_empty());
    let emails = world.emails.borrow();
    let subjects: Vec<&str> = emails.iter().map(|(_, email)| email.subject.as_str()).collect();
    assert_eq!(subjects, ["18 orders confirmed", "12 orders cancelled"]);
    assert!(world.cancelled.borrow().values().all(Option::is_some));
}

#[test]
fn an_event_of_a_cancellation_waits_for_its_row() {
    let world = World::with_orders(1);
    let cancellation = [record("c", 1, &cancelled(1).to_json())];
    assert!(!handle(&notifier(&world), &cancellation, TIME).is_empty());
    assert!(world.emails.borrow().is_empty());
}

#[test]
fn quiet_times_have_an_email_for_each_order() {
    let world = World::with_orders(10);
    assert!(handle(&notifier(&world), &records(1..=10, 1), TIME).is_empty());
    assert_eq!((world.emails.borrow().len(), world.marks()), (10, 10));
    // Every mark has the id of the email about its order.
    for (_, email) in world.emails.borrow().iter() {
        let joined = world.rows.borrow().iter().any(|(order, mark)| {
            let id = &mark.as_ref().unwrap().id;
            email.body.contains(&order.to_string())
                && email.body.contains(&format!("Notification {id} covers 1 order."))
        });
        assert!(joined);
    }
}

#[test]
fn busy_times_have_digests() {
    let world = World::with_orders(120);
    assert!(handle(&notifier(&world), &records(1..=120, 1), TIME).is_empty());
    assert_eq!((world.emails.borrow().len(), world.marks()), (1, 120));
    assert_eq!(world.emails.borrow()[0].1.subject, "120 orders confirmed");
    assert_eq!((world.calls_of("read"), world.calls_of("mark")), (2, 5));
}

#[test]
fn a_large_batch_is_divided_evenly() {
    let world = World::with_orders(1001);
    assert!(handle(&notifier(&world), &records(1..=1001, 1), TIME).is_empty());
    let subjects: Vec<String> = world
        .emails
        .borrow()
        .iter()
        .map(|(_, email)| email.subject.clone())
        .collect();
    assert_eq!(subjects, ["501 orders confirmed", "500 orders confirmed"]);
}

#[test]
fn every_email_waits_for_its_interval_the_first_one_too() {
    let world = World::with_orders(4);
    let notifier = notifier(&world);
    handle(&notifier, &records(1..=2, 1), TIME);
    world.advance(Duration::from_secs(100));
    handle(&notifier, &records(3..=4, 1), TIME);
    let sent: Vec<u128> = world
        .emails
        .borrow()
        .iter()
        .map(|(at, _)| at.as_millis())
        .collect();
    assert_eq!(sent, [250, 500, 100_750, 101_000]);
}

#[test]
fn copies_of_an_order_share_one_email() {
    let world = World::with_orders(1);
    let copies = [
        record("a", 1, &event(1).to_json()),
        record("b", 2, &event(1).to_json()),
    ];
    assert!(handle(&notifier(&world), &copies, TIME).is_empty());
    assert_eq!(world.emails.borrow().len(), 1);
    // A copy that arrives later causes none.
    assert!(handle(&notifier(&world), &records([1], 1), TIME).is_empty());
    assert_eq!(world.emails.borrow().len(), 1);
}

#[test]
fn without_a_subscriber_nothing_is_sent_or_marked() {
    let world = World::with_orders(1);
    world.subscribers.set(0);
    let notifier = notifier(&world);
    assert_eq!(handle(&notifier, &records([1], 1), TIME), ["m-1"]);
    assert_eq!((world.emails.borrow().len(), world.marks()), (0, 0));
    assert!((3..=5).contains(&world.sent_to(Queue::Main)[0].delay_seconds()));
    assert!((6..=14).contains(&world.calls_of("subscribers")));
    // After somebody has confirmed, the next receive is sent at once.
    world.subscribers.set(1);
    assert!(handle(&notifier, &records([1], 2), TIME).is_empty());
    assert_eq!((world.emails.borrow().len(), world.marks()), (1, 1));
}

#[test]
fn a_batch_waits_for_a_subscriber_and_for_the_topic() {
    let world = World::with_orders(20);
    world.subscribed_from.set(Duration::from_secs(5));
    world.faults.borrow_mut().extend(["subscribers"; 3]);
    assert!(handle(&notifier(&world), &records(1..=20, 1), TIME).is_empty());
    assert_eq!((world.emails.borrow().len(), world.marks()), (1, 20));
}

#[test]
fn a_subscriber_is_not_checked_again_for_a_minute() {
    let world = World::with_orders(3);
    let notifier = notifier(&world);
    handle(&notifier, &records([1], 1), TIME);
    handle(&notifier, &records([2], 1), TIME);
    assert_eq!(world.calls_of("subscribers"), 1);
    world.advance(Duration::from_mins(1));
    world.subscribers.set(0);
    assert_eq!(handle(&notifier, &records([3], 1), TIME), ["m-3"]);
}

#[test]
fn an_unreadable_event_is_dead_lettered_at_its_first_receive_and_affects_no_other() {
    let world = World::with_orders(1);
    let foreign = event(1).to_json().replace("confirmed.v1", "shipped.v1");
    let batch = [
        record("bad", 1, "{"),
        record("foreign", 1, &foreign),
        record("good", 1, &event(1).to_json()),
    ];
    assert!(handle(&notifier(&world), &batch, TIME).is_empty());
    assert_eq!(world.marks(), 1);
    let dead_letters = world.sent_to(Queue::DeadLetter);
    assert_eq!(dead_letters.len(), 2);
    assert_eq!(dead_letters[0].body(), "{");
    let texts = |index: usize, names: &[&str]| -> Vec<String> {
        let attributes = dead_letters[index].attributes();
        names
            .iter()
            .map(|name| attributes[*name].as_text().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        texts(0, &["error_code", "source_message_id", "failed_at"]),
        ["malformed_event", "bad", "2026-11-23T09:35:02.250Z"]
    );
    assert_eq!(texts(1, &["error_code"]), ["unknown_event_type"]);
    // Both in one call.
    assert_eq!(world.calls_of("dead-letter"), 1);
}

#[test]
fn an_event_of_a_later_version_waits_for_the_code_that_reads_it() {
    let world = World::with_orders(2);
    let newer = event(2).to_json().replace("confirmed.v1", "confirmed.v9");
    let batch = [record("newer", 1, &newer), record("good", 1, &event(1).to_json())];
    let response = finish(notifier(&world).handle(&json!({"Records": batch}).to_string(), TIME)).unwrap();
    assert!(response.batch_item_failures.is_empty());
    let sent = world.sent_to(Queue::Main);
    assert_eq!(
        sent[0].attributes()["error_code"].as_text(),
        Some("unknown_version")
    );
    assert_eq!((sent.len(), world.marks()), (1, 1));
}

#[test]
fn a_dead_letter_that_cannot_be_stored_is_left_to_redrive() {
    let world = World::with_orders(0);
    world.faults.borrow_mut().push_back("dead-letter");
    assert_eq!(handle(&notifier(&world), &[record("bad", 1, "{")], TIME), ["bad"]);
}

#[test]
fn an_email_that_fails_fails_its_own_order() {
    let world = World::with_orders(3);
    *world.refuses.borrow_mut() = Some(event(1).order_id.to_string());
    assert_eq!(handle(&notifier(&world), &records(1..=3, 1), TIME), ["m-1"]);
    assert_eq!((world.calls_of("publish"), world.marks()), (3, 2));
    let retry = &world.sent_to(Queue::Main)[0];
    assert_eq!(retry.attributes()["error_code"].as_text(), Some("email_failed"));
}

#[test]
fn while_the_topic_is_away_one_email_is_tried_at_growing_pauses() {
    let world = World::with_orders(3);
    world.faults.borrow_mut().extend(["publish"; 1000]);
    let failed = handle(&notifier(&world), &records(1..=3, 1), TIME);
    assert_eq!(failed, ["m-1", "m-2", "m-3"]);
    assert!(
        (6..=13).contains(&world.calls_of("publish")),
        "{}",
        world.calls_of("publish")
    );
    for retry in world.sent_to(Queue::Main) {
        assert_eq!(retry.attributes()["error_code"].as_text(), Some("email_failed"));
        assert!(retry.delay_seconds() <= 30);
    }
    assert!((&world).monotonic() < Duration::from_secs(27));
}

#[test]
fn when_the_topic_returns_the_batch_that_is_held_is_notified_at_once() {
    let world = World::with_orders(3);
    world.faults.borrow_mut().extend(["publish"; 4]);
    assert!(handle(&notifier(&world), &records(1..=3, 1), TIME).is_empty());
    assert_eq!((world.calls_of("publish"), world.marks()), (7, 3));
    let sent: Vec<Duration> = world.emails.borrow().iter().map(|(at, _)| *at).collect();
    assert!(
        sent.windows(2)
            .all(|pair| pair[1] == pair[0] + Duration::from_millis(250))
    );
}

#[test]
fn marks_are_repeated_until_they_are_set() {
    let world = World::with_orders(1);
    world.faults.borrow_mut().extend(["mark", "mark of one"]);
    world.lost_responses.borrow_mut().push_back("mark");
    assert!(handle(&notifier(&world), &records([1], 1), TIME).is_empty());
    assert_eq!((world.emails.borrow().len(), world.marks()), (1, 1));
}

#[test]
fn an_order_that_cannot_be_marked_is_not_done() {
    let world = World::with_orders(11);
    world.unmarkable.set(Some(event(1).order_id));
    assert_eq!(handle(&notifier(&world), &records(1..=11, 1), TIME), ["m-1"]);
    assert_eq!(world.calls_of("mark"), 6);
    assert_eq!((world.emails.borrow().len(), world.marks()), (1, 10));
    let retry = &world.sent_to(Queue::Main)[0];
    assert_eq!(retry.attributes()["error_code"].as_text(), Some("mark_failed"));
}

#[test]
fn no_email_is_sent_after_one_whose_order_could_not_be_marked_because_the_table_is_away() {
    let world = World::with_orders(2);
    world.faults.borrow_mut().extend(["mark"; 1000]);
    assert_eq!(
        handle(&notifier(&world), &records(1..=2, 1), TIME),
        ["m-1", "m-2"]
    );
    assert_eq!((world.emails.borrow().len(), world.marks()), (1, 0));
    // When the table returns in time, nothing is sent twice.
    let world = World::with_orders(2);
    world.faults.borrow_mut().extend(["mark"; 8]);
    assert!(handle(&notifier(&world), &records(1..=2, 1), TIME).is_empty());
    assert_eq!((world.emails.borrow().len(), world.marks()), (2, 2));
}

#[test]
fn unprocessed_rows_are_read_again() {
    let world = World::with_orders(2);
    world.faults.borrow_mut().push_back("read");
    world.unprocessed_once.borrow_mut().insert(event(1).order_id);
    assert!(handle(&notifier(&world), &records(1..=2, 1), TIME).is_empty());
    assert_eq!((world.calls_of("read"), world.marks()), (3, 2));
}

#[test]
fn a_table_that_is_away_sends_nothing() {
    let world = World::with_orders(300);
    world.faults.borrow_mut().extend(["read"; 1000]);
    assert_eq!(handle(&notifier(&world), &records(1..=300, 1), TIME).len(), 300);
    assert!(world.emails.borrow().is_empty());
    assert!(
        (9..=14).contains(&world.calls_of("read")),
        "{}",
        world.calls_of("read")
    );
}

#[test]
fn a_table_that_hangs_leaves_time_to_answer() {
    let world = World::with_orders(1000);
    world.call_time.set(Duration::from_secs(2));
    world.faults.borrow_mut().extend(["read"; 100]);
    let notifier = notifier(&world);
    assert_eq!(handle(&notifier, &records(1..=1000, 1), TIME).len(), 1000);
    // Reads of 2 s and the waits between them take 24 s.
    assert!(
        (7..=10).contains(&world.calls_of("read")),
        "{}",
        world.calls_of("read")
    );
    // The queue hangs too: its calls begin as long as one can end in time.
    assert!(world.calls_of("send again") > 0);
    assert!((&world).monotonic() <= TIME, "{:?}", (&world).monotonic());
}

#[test]
fn a_large_digest_is_marked_by_up_to_ten_calls_at_once() {
    let world = World::with_orders(1000);
    assert!(handle(&notifier(&world), &records(1..=1000, 1), TIME).is_empty());
    assert_eq!((world.emails.borrow().len(), world.marks()), (1, 1000));
    assert_eq!(
        (world.calls_of("mark"), world.max_marks_in_flight.get()),
        (40, 10)
    );
}

#[test]
fn a_larger_digest_needs_more_time() {
    // Up to 250 orders are marked in one round of calls, 1,000 in four.
    for (orders, needed) in [(250, 8_251), (251, 12_501), (1000, 21_389)] {
        for (time_left, emails) in [(needed - 1, 0), (needed, 1)] {
            let world = World::with_orders(orders);
            handle(
                &notifier(&world),
                &records(1..=orders, 1),
                Duration::from_millis(time_left),
            );
            assert_eq!(
                world.emails.borrow().len(),
                emails,
                "{orders} orders in {time_left} ms"
            );
        }
    }
}

#[test]
fn no_wait_begins_that_leaves_no_time_for_another_attempt() {
    let world = World::with_orders(1);
    let call = Duration::from_millis(3700);
    world.call_time.set(call);
    world.faults.borrow_mut().extend(["mark"; 6]);
    // Reading, checking for subscribers, the interval, sending and marking leave a tenth of the time, which is for settling.
    let before = 4 * call + Duration::from_millis(250);
    let failed = handle(&notifier(&world), &records([1], 1), Duration::from_millis(16_720));
    assert_eq!((failed.len(), world.calls_of("mark")), (1, 1));
    assert_eq!((&world).monotonic(), before + call);
}

#[test]
fn no_email_begins_that_could_not_end() {
    let world = World::with_orders(5);
    // Time for the first emails only.
    let failed = handle(
        &notifier(&world),
        &records(1..=5, 1),
        Duration::from_millis(8_600),
    );
    assert_eq!(failed, ["m-3", "m-4", "m-5"]);
    assert_eq!((world.emails.borrow().len(), world.marks()), (2, 2));
}

#[test]
fn the_sample_event_is_handled() {
    let world = World::with_orders(0);
    let sample: Value = serde_json::from_str(include_str!("../../events/notifier-batch.json")).unwrap();
    for record in sample["Records"].as_array().unwrap() {
        let event = order_core::OrderConfirmed::from_json(record["body"].as_str().unwrap()).unwrap();
        world.rows.borrow_mut().insert(event.order_id, None);
    }
    world.subscribers.set(1);
    let response = finish(notifier(&world).handle(&sample.to_string(), TIME)).unwrap();
    assert_eq!(
        serde_json::to_value(response).unwrap(),
        json!({"batchItemFailures": []})
    );
    let subjects: Vec<String> = world
        .emails
        .borrow()
        .iter()
        .map(|(_, email)| email.subject.clone())
        .collect();
    assert_eq!(
        subjects,
        [
            "Order e40f9cb1 confirmed: EUR 64.60",
            "Order e822e2ba confirmed: JPY 7,190"
        ]
    );
}

#[test]
fn another_event_fails_the_invocation() {
    let world = World::with_orders(0);
    let thrown = finish(notifier(&world).handle(&json!({}).to_string(), TIME));
    assert_eq!(thrown.err(), Some(BatchError::NoRecords));
}

#[test]
fn a_shop_that_wants_no_email_has_no_failed_notification() {
    let world = World::with_orders(3);
    world.subscribers.set(0);
    assert!(handle(&notifier_with(&world, false), &records(1..=3, 1), TIME).is_empty());
    assert!(world.sent.borrow().is_empty());
    assert_eq!((world.emails.borrow().len(), world.marks()), (0, 0));
    // Somebody who subscribes by hand gets the emails all the same.
    world.subscribers.set(1);
    assert!(handle(&notifier_with(&world, false), &records(1..=3, 1), TIME).is_empty());
    assert_eq!((world.emails.borrow().len(), world.marks()), (3, 3));
}
