//! Laws of orders: an order that is written is read back unchanged, and no input makes the parser panic.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::Order;
use crate::IdempotencyKey;
use crate::batch::{self, BatchItem};
use crate::fingerprint::Fingerprint;
use crate::{Timestamp, Violations};

fn now() -> Timestamp {
    "2026-11-23T09:35:00.123Z".parse().unwrap()
}

fn accept(document: &Value) -> Result<Order, Violations> {
    Order::accept(document, now())
}

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Zéß山🎁 '.,-]{0,30}[a-zé🎁]"
}

prop_compose! {
    fn item()(
        sku in "[!-~]{1,64}",
        name in prop::option::of(text()),
        quantity in 1..=10_000_u32,
        cents in 0..=1_000_000_u32,
    ) -> Value {
        let mut item = json!({"sku": sku, "quantity": quantity, "unit_price": format!("{}.{:02}", cents / 100, cents % 100)});
        if let Some(name) = name {
            item["name"] = json!(name);
        }
        item
    }
}

prop_compose! {
    fn document()(
        id in "[!-~]{1,64}",
        name in prop::option::of(text()),
        items in prop::collection::vec(item(), 1..8),
        note in prop::option::of(text()),
        reference in prop::option::of(text()),
        metadata in prop::collection::btree_map("[a-zA-Z0-9_.-]{1,40}", text(), 0..4),
    ) -> Value {
        let mut document = json!({"customer": {"id": id}, "currency": "EUR", "items": items});
        if let Some(name) = name {
            document["customer"]["name"] = json!(name);
        }
        if let Some(note) = note {
            document["note"] = json!(note);
        }
        if let Some(reference) = reference {
            document["reference"] = json!(reference);
        }
        if !metadata.is_empty() {
            document["metadata"] = json!(metadata);
        }
        document
    }
}

/// Any JSON, often of an order's shape.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("EUR")),
        Just(json!("12.50")),
    ];
    let key = prop_oneof![
        Just("customer".to_owned()),
        Just("id".to_owned()),
        Just("currency".to_owned()),
        Just("items".to_owned()),
        Just("sku".to_owned()),
        Just("quantity".to_owned()),
        Just("unit_price".to_owned()),
        ".{0,6}",
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn a_written_order_is_read_back(document in document()) {
        let order = accept(&document).unwrap();
        let written = serde_json::to_value(&order).unwrap();
        let read = Order::restore(&written).unwrap();
        prop_assert_eq!(Fingerprint::of(&read), Fingerprint::of(&order));
        prop_assert_eq!(read, order);
    }

    #[test]
    fn the_order_of_keys_and_white_space_do_not_matter(document in document()) {
        // serde_json sorts an object's keys, so the reverse order is written by hand.
        let object = document.as_object().unwrap();
        let fields: Vec<String> = object.iter().rev().map(|(key, value)| format!(" \"{key}\" :\n\t{value}")).collect();
        let reversed = format!("{{{}}} ", fields.join(" , "));
        let reversed = json_document::parse(reversed.as_bytes()).unwrap();
        prop_assert_eq!(Order::accept(reversed, now()).unwrap(), accept(&document).unwrap());
    }

    #[test]
    fn any_change_of_meaning_changes_the_fingerprint(
        document in document(),
        item in any::<prop::sample::Index>(),
        part in 0..8_u8,
        text in text(),
        quantity in 1..=10_000_u32,
        cents in 0..100_u32,
    ) {
        let mut changed = document.clone();
        let item = item.index(document["items"].as_array().unwrap().len());
        match part {
            0 => changed["customer"]["name"] = json!(text),
            1 => changed["note"] = json!(text),
            2 => changed["items"][item]["name"] = json!(text),
            3 => changed["items"][item]["quantity"] = json!(quantity),
            4 => changed["reference"] = json!(text),
            5 => changed["metadata"]["name"] = json!(text),
            6 => changed["items"][item]["unit_price"] = json!(format!("1.{cents:02}")),
            _ => changed["items"].as_array_mut().unwrap().reverse(),
        }
        let (before, after) = (accept(&document).unwrap(), accept(&changed).unwrap());
        prop_assert_eq!(Fingerprint::of(&before) == Fingerprint::of(&after), before == after);
    }

    #[test]
    fn an_item_is_parsed_alike_beside_any_others(
        document in document(),
        before in prop::collection::vec(anything(), 0..4),
        after in prop::collection::vec(anything(), 0..4),
    ) {
        let valid = json!({"idempotency_key": "k", "order": document});
        let index = before.len();
        let entries: Vec<Value> = before.into_iter().chain([valid]).chain(after).collect();
        let read = batch::parse(&json!({ "entries": entries }), now()).unwrap();
        prop_assert_eq!(read.len(), entries.len());
        let expected = BatchItem::Valid {
            key: IdempotencyKey::parse("k").unwrap(),
            order: accept(&document).unwrap(),
        };
        prop_assert_eq!(&read[index], &expected);
    }

    #[test]
    fn reading_never_panics(document in anything(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = accept(&document);
        let _ = Order::restore(&document);
        let _ = Order::restore_known(&document);
        let _ = batch::parse(&document, now());
        let _ = json_document::parse(&bytes);
        let _ = crate::OrderMessage::from_json(&document.to_string());
        let _ = crate::OrderConfirmed::from_json(&document.to_string());
    }
}
