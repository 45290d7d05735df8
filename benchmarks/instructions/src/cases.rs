//! The cases, and their work.

use std::time::Duration;

use function_runtime::pack::pack;
use futures_util::FutureExt as _;
use notifier::Notifier;
use notifier::config::{Settings, email_intervals};
use notifier::email::{digest, order};
use notifier::orders::{Candidate, gather};
use order_core::order::MAX_ITEMS;
use order_core::{EventType, Fingerprint, OrderEvent};
use order_worker::Worker;
use queue_consumer::batch;
use queue_consumer::record::Record;
use queue_consumer::results::Results;
use queue_consumer::retries::Retries;
use serde::Serialize;
use serde_json::value::RawValue;
use telemetry::metrics;

use crate::case::{Case, Work};
use crate::inputs;
use crate::ports::Ports;

/// All cases.
pub const CASES: &[Case] = &[
    Case {
        name: "order: read and validated, 3 items",
        result: 3,
        prepare: || Some(validation(inputs::body())),
    },
    Case {
        name: "order: read and validated, 100 items",
        result: MAX_ITEMS,
        prepare: || Some(validation(inputs::largest_body()?)),
    },
    Case {
        name: "order: refused, 100 violations",
        result: MAX_ITEMS,
        prepare: refusal,
    },
    Case {
        name: "order: fingerprint, 3 items",
        result: FINGERPRINT_LENGTH,
        prepare: || fingerprint(&inputs::body()),
    },
    Case {
        name: "order: fingerprint, 100 items",
        result: FINGERPRINT_LENGTH,
        prepare: || fingerprint(&inputs::largest_body()?),
    },
    Case {
        name: "batch: 500 events packed",
        result: 61,
        prepare: || Some(packing()),
    },
    Case {
        name: "batch: 100 records grouped by order",
        result: 100,
        prepare: grouping,
    },
    Case {
        name: "email: one order",
        result: 1,
        prepare: email_of_order,
    },
    Case {
        name: "email: digest of 100 orders",
        result: 1,
        prepare: email_of_digest,
    },
    Case {
        name: "order-worker: a batch of 10",
        result: 10,
        prepare: || worker(10),
    },
    Case {
        name: "order-worker: a batch of 100",
        result: 100,
        prepare: || worker(100),
    },
    Case {
        name: "notifier: a batch of 100, one digest",
        result: 100,
        prepare: || notifier(100),
    },
];

/// `v1:` and 64 digits.
const FINGERPRINT_LENGTH: usize = 67;

/// The time of an invocation.
const TIME_LEFT: Duration = Duration::from_secs(30);

/// From the bytes of a body to an order; its items.
fn validation(body: Vec<u8>) -> Work {
    Box::new(move || inputs::order(&body).map_or(0, |order| order.items().len()))
}

/// From the bytes of a body to its violations; their number.
fn refusal() -> Option<Work> {
    let body = String::from_utf8(inputs::largest_body()?).ok()?;
    let body = body.replace("10000", "0").into_bytes();
    let on = inputs::moment()?;
    Some(Box::new(move || {
        let document = json_document::parse(&body).ok();
        let refused = document.and_then(|document| order_core::Order::accept(document, on).err());
        refused.map_or(0, |violations| violations.as_slice().len())
    }))
}

/// The fingerprint of an order; its characters.
fn fingerprint(body: &[u8]) -> Option<Work> {
    let order = inputs::order(body)?;
    Some(Box::new(move || Fingerprint::of(&order).to_string().len()))
}

/// 500 events by the limits of SNS; the batches. Some events are so large that bytes are the limit.
fn packing() -> Work {
    let sizes: Vec<usize> = (0..500).map(|index| 600 + index % 50 * 1000).collect();
    Box::new(move || pack(&sizes, 10, 256 * 1024).len())
}

/// The records of a batch by order, with their lines in a digest; the orders.
fn grouping() -> Option<Work> {
    let records = records(100)?;
    Some(Box::new(move || gathered(&records).len()))
}

fn records(count: usize) -> Option<Vec<Record>> {
    let event = inputs::notifications(count)?;
    batch::read(str::from_utf8(&event).ok()?).ok()
}

fn gathered(records: &[Record]) -> Vec<Candidate> {
    let records: Vec<&Record> = records.iter().collect();
    gather(&records, &mut Results::new(records.len()))
}

/// The email about one order; whether it names the order.
fn email_of_order() -> Option<Work> {
    let event = OrderEvent::from_json(records(1)?.first()?.body.as_deref()?).ok()?;
    let id = event.order_id().to_string();
    Some(Box::new(move || {
        usize::from(order::email(&event, NOTIFICATION).body.contains(&id))
    }))
}

/// The email about a batch of orders, whose lines exist; whether it ends as it should.
fn email_of_digest() -> Option<Work> {
    let candidates = gathered(&records(100)?);
    let footer = format!("Notification {NOTIFICATION} covers 100 orders.\n");
    Some(Box::new(move || {
        let items: Vec<_> = candidates
            .iter()
            .map(|candidate| &candidate.digest_item)
            .collect();
        usize::from(
            digest::email(&items, EventType::Confirmed, NOTIFICATION)
                .body
                .ends_with(&footer),
        )
    }))
}

/// The id of an email.
const NOTIFICATION: &str = "0199d3a0-0000-7000-8000-000000000001";

fn retries() -> Retries {
    Retries {
        queue_url: "http://sqs/000000000000/retry".to_owned(),
        max_age: Duration::from_hours(24),
    }
}

/// An invocation of order-worker, from the bytes of its event to those of its answer; the messages that are done.
fn worker(count: usize) -> Option<Work> {
    let event = inputs::orders(count)?;
    let worker = Worker::new(Ports::new(inputs::moment()?), retries(), 1);
    Some(Box::new(move || {
        invocation(&event, count, async |event| worker.handle(event, TIME_LEFT).await)
    }))
}

/// The same of notifier.
fn notifier(count: usize) -> Option<Work> {
    let event = inputs::notifications(count)?;
    let (email_interval, retry_email_interval) = email_intervals(8, 2, 2);
    let settings = Settings {
        retries: retries(),
        emails_wanted: true,
        digest_threshold: 5,
        email_interval,
        retry_email_interval,
    };
    let notifier = Notifier::new(Ports::new(inputs::moment()?), settings, 1);
    Some(Box::new(move || {
        invocation(&event, count, async |event| {
            notifier.handle(event, TIME_LEFT).await
        })
    }))
}

/// The work of a function's program for an event, without the Runtime API; the messages, if all of them are done.
fn invocation<T: Serialize, E>(
    event: &[u8],
    count: usize,
    handle: impl AsyncFnOnce(&str) -> Result<T, E>,
) -> usize {
    // Lambda's runtime passes the event as raw JSON.
    let Ok(event) = serde_json::from_slice::<&RawValue>(event) else {
        return 0;
    };
    // The ports answer at once, so that the first poll ends the invocation.
    let answer = metrics::measured_batch(TIME_LEFT, handle(event.get())).now_or_never();
    let answer = answer.and_then(Result::ok);
    let answer = answer.and_then(|answer| serde_json::to_string(&answer).ok());
    match answer.as_deref() {
        Some(r#"{"batchItemFailures":[]}"#) => count,
        _ => 0,
    }
}
