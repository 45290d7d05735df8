//! How long it takes to parse the largest order, from the body's bytes to the message for the queue.

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use order_core::order::{MAX_BODY_BYTES, MAX_ITEMS};
use order_core::{Order, OrderId, OrderMessage, Timestamp};
use uuid::Uuid;

/// An order of 100 items, near the limit of a body.
fn body() -> Vec<u8> {
    let mut items = String::new();
    for index in 0..MAX_ITEMS {
        let separator = if index == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(
            items,
            r#"{separator}{{"sku":"SKU-{index:060}","name":"{}","quantity":10000,"unit_price":"12345.67"}}"#,
            "Tasse mit Übergröße ".repeat(10).trim_end()
        );
    }
    let order = format!(
        r#"{{"customer":{{"id":"customer-1001","email":"ada@example.com","name":"Ada Example"}},"currency":"EUR","items":[{items}],"note":"Please leave it with the neighbour at number 7."}}"#
    );
    assert!(order.len() <= MAX_BODY_BYTES, "{}", order.len());
    order.into_bytes()
}

fn now() -> Option<Timestamp> {
    Timestamp::from_unix_milliseconds(1_795_426_500_123).ok()
}

fn order(body: &[u8]) -> Option<Order> {
    Order::accept(json_document::parse(body).ok()?, now()?).ok()
}

fn validation(criterion: &mut Criterion) {
    let body = body();
    assert_eq!(order(&body).map(|order| order.items().len()), Some(MAX_ITEMS));
    // The same with a violation in every item.
    let wrong = String::from_utf8_lossy(&body).replace("10000", "0").into_bytes();
    assert!(order(&wrong).is_none());

    let mut group = criterion.benchmark_group("an order of 100 items");
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("read as JSON", |bencher| {
        bencher.iter(|| json_document::parse(black_box(&body)));
    });
    group.bench_function("validated", |bencher| bencher.iter(|| order(black_box(&body))));
    group.bench_function("refused", |bencher| bencher.iter(|| order(black_box(&wrong))));
    group.bench_function("validated, fingerprinted and written as a message", |bencher| {
        bencher.iter(|| {
            let accepted_at = now()?;
            let message = OrderMessage::new(OrderId::new(Uuid::nil()), accepted_at, order(black_box(&body))?);
            Some(message.to_json())
        });
    });
    group.finish();
}

criterion_group!(benches, validation);
criterion_main!(benches);
