//! What is put on the queues, and when.

use std::time::Duration;

use order_core::{Order, OrderConfirmed, OrderId, OrderMessage, Timestamp};
use order_table::OrderRow;
use serde_json::json;
use uuid::Uuid;

use crate::ledger::Content;
use crate::plan::Service;
use crate::queue::Attributes;
use crate::schedule::{Event, Schedule};
use crate::world::{Line, NotifierCall, Refused, World};

/// A message before it is sent.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) line: Line,
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    /// What it is, if it is for order-worker.
    pub(crate) content: Option<Content>,
}

/// The id of order number `number`.
fn id(number: u32) -> OrderId {
    OrderId::new(Uuid::from_u128(
        0x0199_d3a0_0000_7000_8000_0000_0000_0000 + u128::from(number),
    ))
}

/// The message of order `number`, told apart by `variant`, accepted `second` seconds after the beginning.
fn message(number: u32, variant: u32, second: u32, is_large: bool) -> Option<OrderMessage> {
    let item = json!({"sku": "MUG-01", "quantity": 1 + number % 9, "unit_price": "12.50"});
    let large = json!({"sku": "MUG-01", "name": "\u{e9}".repeat(200), "quantity": 1, "unit_price": "12.50"});
    let items = if is_large { vec![large; 100] } else { vec![item] };
    let order = json!({
        "customer": {"id": format!("c-{number}"), "name": "Ada Example"}, "currency": "EUR",
        "note": format!("variant {variant}"), "items": items,
    });
    let accepted_at = Timestamp::new(Schedule::date(Duration::from_secs(second.into())));
    Some(OrderMessage::new(
        id(number),
        accepted_at,
        Order::parse(&order).ok()?,
    ))
}

fn attributes(count: u32) -> Attributes {
    (0..count)
        .map(|number| (format!("trace{number}"), ("String".to_owned(), "t".to_owned())))
        .collect()
}

/// Prepares the plan's messages and schedules their sending.
pub(crate) fn prepare(world: &World) -> Vec<Prepared> {
    let traffic = &world.plan.traffic;
    let mut prepared = orders(world);
    prepared.extend((0..traffic.poison).map(poison));
    prepared.extend((0..traffic.stray_events).map(stray_event));

    let state = &mut *world.state.borrow_mut();
    let panickers = traffic.killers..traffic.killers + traffic.panickers;
    let refused = panickers.end..panickers.end + traffic.refused;
    let killers_of_notifier = refused.end..refused.end + traffic.killers_of_notifier;
    let of_notifier = killers_of_notifier.end..killers_of_notifier.end + traffic.panickers_of_notifier;
    state.killers.extend((0..traffic.killers).map(id));
    state.killers_of_notifier.extend(killers_of_notifier.map(id));
    for (number, service) in panickers.zip([Service::Table, Service::Events].into_iter().cycle()) {
        state.panickers.insert(id(number), service);
    }
    for (number, call) in of_notifier.zip([NotifierCall::Read, NotifierCall::Mark].into_iter().cycle()) {
        state.panickers_of_notifier.insert(id(number), call);
    }
    for (number, how) in refused.zip([Refused::Call, Refused::Statement].into_iter().cycle()) {
        state.refused.insert(id(number), how);
    }
    for index in 0..prepared.len() {
        let at = state.chance.milliseconds(0, u64::from(traffic.seconds) * 1000);
        world.schedule.at(at, Event::Send(index));
    }
    prepared
}

/// Every order once, then the copies and the conflicts of ordinary ones.
fn orders(world: &World) -> Vec<Prepared> {
    let traffic = &world.plan.traffic;
    let first = traffic.killers
        + traffic.panickers
        + traffic.refused
        + traffic.killers_of_notifier
        + traffic.panickers_of_notifier;
    let ordinary = traffic.orders.saturating_sub(first) as usize;
    let any = || {
        let place = world.state.borrow_mut().chance.place(ordinary);
        first + u32::try_from(place).unwrap_or_default()
    };
    // The last ones are the large ones.
    let message = |number: u32, variant, second| {
        let is_large = number >= traffic.orders.saturating_sub(traffic.large);
        message(number, variant, second, is_large)
    };
    let mut messages: Vec<_> = (0..traffic.orders).map(|number| message(number, 0, 0)).collect();
    if ordinary > 0 {
        messages.extend((1..=traffic.copies).map(|second| message(any(), 0, second)));
        messages.extend((1..=traffic.conflicts).map(|variant| message(any(), variant, 0)));
    }
    let numbered = (0..).zip(messages.into_iter().flatten());
    numbered
        .map(|(number, message): (u32, _)| Prepared {
            line: Line::Orders,
            body: message.to_json(),
            attributes: attributes(number % 3),
            content: Some(Content::Order(Box::new(message))),
        })
        .collect()
}

/// What no code can read.
fn poison(number: u32) -> Prepared {
    let wrong = message(number, 77, 0, false).map(|message| message.to_json().replace("EUR", "ABC"));
    let body = match number % 3 {
        0 => "{".to_owned(),
        1 => r#"{"schema_version":9}"#.to_owned(),
        _ => wrong.unwrap_or_default(),
    };
    Prepared {
        line: Line::Orders,
        body,
        // With six of its own, the reason does not fit.
        attributes: attributes(if number % 4 == 3 { 6 } else { number % 4 }),
        content: Some(Content::Poison),
    }
}

/// An event that order-worker has not published: unreadable, of another version, or of an order without a row.
fn stray_event(number: u32) -> Prepared {
    let rowless = message(1_000_000 + number, 0, 0, false).map(|message| {
        let row = OrderRow::confirmed(message, Timestamp::new(Schedule::date(Duration::ZERO)));
        OrderConfirmed::from(&row).to_json()
    });
    let body = match number % 3 {
        0 => "{".to_owned(),
        1 => rowless
            .unwrap_or_default()
            .replace("confirmed.v1", "confirmed.v9"),
        _ => rowless.unwrap_or_default(),
    };
    Prepared {
        line: Line::Notifications,
        body,
        attributes: attributes(1),
        content: None,
    }
}
