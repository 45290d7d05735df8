//! Orders, messages and dead letters for tests, each by a number.

use dead_letters::{DeadLetter, QueueName};
use order_core::{Fingerprint, Order, OrderConfirmed, OrderId, OrderMessage, Timestamp};
use serde_json::json;

use crate::journal::Acceptance;

pub(crate) fn id(number: u32) -> OrderId {
    format!("0199d3a0-5c1e-7b3a-9f57-2c1d{number:08x}")
        .parse()
        .unwrap()
}

pub(crate) fn key(number: u32) -> String {
    format!("k-{number}")
}

fn order(number: u32) -> Order {
    let document = json!({"customer": {"id": "c"}, "currency": "EUR", "note": key(number),
        "items": [{"sku": "A", "quantity": 1, "unit_price": "1.00"}]});
    Order::restore(&document).unwrap()
}

pub(super) fn moment() -> Timestamp {
    "2026-11-23T09:35:00.000Z".parse().unwrap()
}

pub(crate) fn fingerprint(number: u32) -> Fingerprint {
    Fingerprint::of(&order(number))
}

pub(crate) fn acceptance(number: u32) -> Acceptance {
    Acceptance {
        key: key(number),
        fingerprint: fingerprint(number),
        accepted_at: moment(),
    }
}

/// A message with the id of order `of` and the content of order `content`.
pub(crate) fn message(of: u32, content: u32) -> String {
    OrderMessage::new(id(of), moment(), order(content)).to_json()
}

/// An event with the id of order `of` and the content of order `content`.
pub(crate) fn event(of: u32, content: u32) -> String {
    let event = OrderConfirmed {
        order_id: id(of),
        accepted_at: moment(),
        confirmed_at: moment(),
        order: order(content),
        trace: None,
    };
    event.to_json()
}

/// A dead letter with a reason.
pub(crate) fn letter(queue: QueueName, body: String) -> DeadLetter {
    DeadLetter::read(
        queue,
        &aws_sdk_sqs::types::Message::builder()
            .message_id("letter")
            .body(body)
            .message_attributes(
                "error_code",
                aws_sdk_sqs::types::MessageAttributeValue::builder()
                    .data_type("String")
                    .string_value("ThrottlingError")
                    .build()
                    .unwrap(),
            )
            .build(),
    )
}

/// The dead letter of the malformed message `poison`.
pub(crate) fn poison() -> DeadLetter {
    DeadLetter {
        message_id: "poison".to_owned(),
        reason: "malformed".to_owned(),
        ..letter(QueueName::Orders, "poison".to_owned())
    }
}
