//! The notifier's logs, as the function's own subscriber writes them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::fakes::{World, event, record};
use crate::scenarios::{TIME, handle, notifier, records};

/// The lines that `work` logs, at any level.
fn logged(work: impl FnOnce()) -> Vec<Value> {
    telemetry::testing::logged("trace", work)
}

#[test]
fn the_count_without_a_subscriber_is_a_number_at_the_top_of_its_line() {
    let world = World::with_orders(3);
    world.subscribers.set(0);
    let lines = logged(|| assert_eq!(handle(&notifier(&world), &records(1..=3, 1), TIME).len(), 3));
    // The metric filter of template.yaml reads `$.no_subscriber`.
    let counts: Vec<&Value> = lines
        .iter()
        .filter_map(|line| line.get("no_subscriber"))
        .collect();
    assert_eq!(counts, [3]);
}

#[test]
fn the_count_of_malformed_messages_is_a_number_at_the_top_of_its_line() {
    let world = World::with_orders(0);
    let batch: Vec<Value> = (0..5)
        .map(|number| record(&format!("bad-{number}"), 1, "{"))
        .collect();
    let event = serde_json::json!({"Records": batch});
    let lines =
        logged(|| drop(crate::fakes::finish(notifier(&world).handle(&event.to_string(), TIME)).unwrap()));
    // The metric filters of template.yaml read `$.malformed`.
    let counts: Vec<&Value> = lines.iter().filter_map(|line| line.get("malformed")).collect();
    assert_eq!(counts, [5]);
}

#[test]
fn the_count_of_what_waits_for_a_service_is_a_number_at_the_top_of_one_line() {
    let world = World::with_orders(3);
    world.faults.borrow_mut().extend(["read"; 1000]);
    let lines = logged(|| assert_eq!(handle(&notifier(&world), &records(1..=3, 1), TIME).len(), 3));
    // The metric filters of template.yaml read `$.held`.
    let counts: Vec<&Value> = lines.iter().filter_map(|line| line.get("held")).collect();
    assert_eq!(counts, [3]);
}

/// The orders of the lines about messages that failed.
fn failed_orders(lines: &[Value]) -> BTreeSet<String> {
    let failed = lines.iter().filter(|line| line.get("message_id").is_some());
    failed
        .map(|line| line["order_id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn each_line_about_a_message_that_failed_names_its_order() {
    let faults: [fn(&World); 3] = [
        // Nobody is subscribed; the topic is away; the table is away from the first mark, so that most are held without a call.
        |world| world.subscribers.set(0),
        |world| world.faults.borrow_mut().extend(["subscribers"; 1000]),
        |world| world.faults.borrow_mut().extend(["mark"; 1000]),
    ];
    for set in faults {
        let world = World::with_orders(5);
        set(&world);
        let lines = logged(|| assert_eq!(handle(&notifier(&world), &records(1..=5, 1), TIME).len(), 5));
        let orders = (1..=5).map(|number| event(number).order_id.to_string());
        assert_eq!(failed_orders(&lines), orders.collect());
    }
}

#[test]
fn no_line_holds_content_of_a_message() {
    let world = World::with_orders(1);
    // A currency that is a customer's data.
    let no_currency = event(1).to_json().replacen("\"EUR\"", "\"ada@example.com\"", 1);
    let batch = [
        record("bad", 1, &no_currency),
        record("worse", 1, "ada@example.com"),
        record("good", 1, &event(1).to_json()),
    ];
    let lines = logged(|| assert!(handle(&notifier(&world), &batch, TIME).is_empty()));
    assert_eq!(world.sent.borrow().len(), 2);
    assert!(lines.iter().any(|line| line["error_code"] == "malformed_event"));
    for line in lines {
        let line = line.to_string();
        assert!(!line.contains("ada@") && !line.contains("Lovelace"), "{line}");
    }
}
