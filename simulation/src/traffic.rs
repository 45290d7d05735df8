//! The messages of a plan, and the times at which they are sent.

use std::time::Duration;

use order_core::{CancellationMessage, Order, OrderConfirmed, OrderId, OrderMessage, Timestamp};
use order_table::OrderRow;
use serde_json::json;
use uuid::Uuid;

use crate::history::MessageContent;
use crate::pipeline::Pipeline;
use crate::plan::Service;
use crate::queue::Attributes;
use crate::schedule::{Event, Schedule};
use crate::world::{NotifierCall, TableRejection, World};

/// Orders are erased at the latest so many seconds after the last message is sent.
const ERASED_WITHIN: u32 = 60;

/// A message before it is sent.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) pipeline: Pipeline,
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    /// The content, if the message is for order-worker.
    pub(crate) content: Option<MessageContent>,
}

/// Makes the id of order number `number`.
fn make_id(number: u32) -> OrderId {
    OrderId::new(Uuid::from_u128(
        0x0199_d3a0_0000_7000_8000_0000_0000_0000 + u128::from(number),
    ))
}

/// Makes a message of order number `number`, accepted `second` seconds after the beginning. Messages of one order with
/// different `variant`s have different contents.
fn make_message(number: u32, variant: u32, second: u32, is_large: bool) -> Option<OrderMessage> {
    let item = json!({"sku": "MUG-01", "quantity": 1 + number % 9, "unit_price": "12.50"});
    let large = json!({"sku": "MUG-01", "name": "\u{e9}".repeat(200), "quantity": 1, "unit_price": "12.50"});
    let items = if is_large { vec![large; 100] } else { vec![item] };
    let order = json!({
        "customer": {"id": format!("c-{number}"), "name": "Ada Example"}, "currency": "EUR",
        "note": format!("variant {variant}"), "items": items,
    });
    let accepted_at = Timestamp::new(Schedule::date(Duration::from_secs(second.into())));
    Some(OrderMessage::new(
        make_id(number),
        accepted_at,
        Order::restore(&order).ok()?,
    ))
}

fn make_attributes(count: u32) -> Attributes {
    (0..count)
        .map(|number| (format!("trace{number}"), ("String".to_owned(), "t".to_owned())))
        .collect()
}

/// Prepares the plan's messages, and schedules their sending.
pub(crate) fn prepare(world: &World) -> Vec<Prepared> {
    let traffic = &world.plan.traffic;
    let mut prepared = prepare_orders(world);
    prepared.extend((0..traffic.poison).map(prepare_poison));
    prepared.extend((0..traffic.stray_events).map(prepare_stray_event));

    let state = &mut *world.state.borrow_mut();
    let panickers = traffic.killers..traffic.killers + traffic.panickers;
    let rejected = panickers.end..panickers.end + traffic.rejected;
    let killers_of_notifier = rejected.end..rejected.end + traffic.killers_of_notifier;
    let of_notifier = killers_of_notifier.end..killers_of_notifier.end + traffic.panickers_of_notifier;
    state.killers.extend((0..traffic.killers).map(make_id));
    state.killers_of_notifier.extend(killers_of_notifier.map(make_id));
    for (number, service) in panickers.zip([Service::Table, Service::Events].into_iter().cycle()) {
        state.panickers.insert(make_id(number), service);
    }
    for (number, call) in of_notifier.zip([NotifierCall::Read, NotifierCall::Mark].into_iter().cycle()) {
        state.panickers_of_notifier.insert(make_id(number), call);
    }
    for (number, how) in rejected.zip(
        [TableRejection::Call, TableRejection::Statement]
            .into_iter()
            .cycle(),
    ) {
        state.rejected.insert(make_id(number), how);
    }
    for index in 0..prepared.len() {
        let at = state.rng.draw_milliseconds(0, u64::from(traffic.seconds) * 1000);
        world.schedule.at(at, Event::Send(index));
    }
    prepared
}

/// Prepares each order once, then copies, conflicts and erasures of orders that neither kill, panic nor are rejected.
fn prepare_orders(world: &World) -> Vec<Prepared> {
    let traffic = &world.plan.traffic;
    let first = traffic.killers
        + traffic.panickers
        + traffic.rejected
        + traffic.killers_of_notifier
        + traffic.panickers_of_notifier;
    let ordinary = traffic.orders.saturating_sub(first) as usize;
    let pick_ordinary = || {
        let index = world.state.borrow_mut().rng.draw_index(ordinary);
        first + u32::try_from(index).unwrap_or_default()
    };
    // The last orders are the large ones.
    let make = |number: u32, variant, second| {
        let is_large = number >= traffic.orders.saturating_sub(traffic.large);
        make_message(number, variant, second, is_large)
    };
    let mut messages: Vec<_> = (0..traffic.orders).map(|number| make(number, 0, 0)).collect();
    if ordinary > 0 {
        messages.extend((1..=traffic.copies).map(|second| make(pick_ordinary(), 0, second)));
        messages.extend((1..=traffic.conflicts).map(|variant| make(pick_ordinary(), variant, 0)));
        for _ in 0..traffic.erasures {
            let order = make_id(pick_ordinary());
            let most = u64::from(traffic.seconds + ERASED_WITHIN) * 1000;
            let at = world.state.borrow_mut().rng.draw_milliseconds(0, most);
            world.schedule.at(at, Event::Erase(order));
        }
    }
    let cancellations = (0..traffic.cancellations).filter_map(|number| match number % 4 {
        3 => Some(2_000_000 + number),
        _ => (ordinary > 0).then(pick_ordinary),
    });
    let cancellations: Vec<Prepared> = cancellations.map(prepare_cancellation).collect();
    let numbered = (0..).zip(messages.into_iter().flatten());
    let orders = numbered.map(|(number, message): (u32, _)| Prepared {
        pipeline: Pipeline::Orders,
        body: message.to_json(),
        attributes: make_attributes(number % 3),
        content: Some(MessageContent::Order(Box::new(message))),
    });
    orders.chain(cancellations).collect()
}

/// Prepares a message that asks to cancel an order. It may be sent before the order.
fn prepare_cancellation(number: u32) -> Prepared {
    let cancellation = CancellationMessage {
        order_id: make_id(number),
        requested_at: Timestamp::new(Schedule::date(Duration::ZERO)),
    };
    Prepared {
        pipeline: Pipeline::Orders,
        body: cancellation.to_json(),
        attributes: make_attributes(number % 3),
        content: Some(MessageContent::Cancellation(cancellation.order_id)),
    }
}

/// Prepares a message that no code can parse.
fn prepare_poison(number: u32) -> Prepared {
    let wrong = make_message(number, 77, 0, false).map(|message| message.to_json().replace("EUR", "ABC"));
    let body = match number % 3 {
        0 => "{".to_owned(),
        1 => r#"{"schema_version":9}"#.to_owned(),
        _ => wrong.unwrap_or_default(),
    };
    Prepared {
        pipeline: Pipeline::Orders,
        body,
        // Beside six attributes of its own, the reason does not fit into a dead letter.
        attributes: make_attributes(if number % 4 == 3 { 6 } else { number % 4 }),
        content: Some(MessageContent::Poison),
    }
}

/// Prepares an event that order-worker did not publish: one that no code can parse, one of another version, or one of an
/// order without a row.
fn prepare_stray_event(number: u32) -> Prepared {
    let rowless = make_message(1_000_000 + number, 0, 0, false).map(|message| {
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
        pipeline: Pipeline::Notifications,
        body,
        attributes: make_attributes(1),
        content: None,
    }
}
