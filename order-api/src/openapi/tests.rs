//! Compares the document with the code: limits, currencies, problem types and examples.

use order_core::batch;
use order_core::order::{MAX_BODY_BYTES, MAX_ITEMS, MAX_METADATA_ENTRIES, Quantity};
use order_core::text::{
    CustomerId, CustomerName, EmailAddress, ItemName, MetadataName, MetadataValue, Note, Reference, Sku,
};
use order_core::{Currency, IdempotencyKey, Order, Timestamp};
use serde_json::{Value, json};

use super::DOCUMENT;
use crate::list_query::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::problem::ProblemKind;

const YAML: &str = include_str!("../../../docs/openapi.yaml");

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

fn schema(name: &str) -> Value {
    document()["components"]["schemas"][name].clone()
}

#[test]
fn the_document_that_is_served_is_the_one_in_docs() {
    let yaml: Value = yaml_serde::from_str(YAML).unwrap();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/openapi/openapi.json");
        std::fs::write(path, yaml.to_string() + "\n").unwrap();
        return;
    }
    assert!(
        yaml == document(),
        "run UPDATE_OPENAPI=1 cargo test -p order-api openapi"
    );
}

#[test]
fn its_limits_are_those_of_the_code() {
    let item = schema("Item");
    let entries = &schema("Batch")["properties"]["entries"];
    let limit = &document()["paths"]["/orders"]["get"]["parameters"][1]["schema"];
    let limits = [
        (
            schema("Order")["properties"]["items"]["maxItems"].clone(),
            json!(MAX_ITEMS),
        ),
        (
            item["properties"]["quantity"]["maximum"].clone(),
            json!(Quantity::MAX),
        ),
        (
            schema("CustomerId")["maxLength"].clone(),
            json!(CustomerId::MAX_CHARACTERS),
        ),
        (
            schema("CustomerName")["maxLength"].clone(),
            json!(CustomerName::MAX_CHARACTERS),
        ),
        (
            schema("EmailAddress")["maxLength"].clone(),
            json!(EmailAddress::MAX_CHARACTERS),
        ),
        (schema("Sku")["maxLength"].clone(), json!(Sku::MAX_CHARACTERS)),
        (
            schema("ItemName")["maxLength"].clone(),
            json!(ItemName::MAX_CHARACTERS),
        ),
        (schema("Note")["maxLength"].clone(), json!(Note::MAX_CHARACTERS)),
        (
            schema("Reference")["maxLength"].clone(),
            json!(Reference::MAX_CHARACTERS),
        ),
        (
            schema("Metadata")["maxProperties"].clone(),
            json!(MAX_METADATA_ENTRIES),
        ),
        (
            schema("Metadata")["additionalProperties"]["maxLength"].clone(),
            json!(MetadataValue::MAX_CHARACTERS),
        ),
        (
            schema("Metadata")["propertyNames"]["pattern"].clone(),
            json!(format!("^[A-Za-z0-9_.-]{{1,{}}}$", MetadataName::MAX_CHARACTERS)),
        ),
        (
            schema("IdempotencyKey")["maxLength"].clone(),
            json!(IdempotencyKey::MAX_CHARACTERS),
        ),
        (entries["maxItems"].clone(), json!(batch::MAX_BATCH_ITEMS)),
        (limit["maximum"].clone(), json!(MAX_LIMIT)),
        (limit["default"].clone(), json!(DEFAULT_LIMIT)),
    ];
    for (index, (stated, held)) in limits.iter().enumerate() {
        assert_eq!(stated, held, "limit {index} of the list above");
    }
    // These two are in sentences.
    let description = |path: &str| {
        let body = &document()["paths"][path]["post"]["requestBody"];
        body["description"].as_str().unwrap().to_owned()
    };
    let order = format!("At most {} KB of UTF-8 JSON", MAX_BODY_BYTES / 1024);
    assert!(description("/orders").starts_with(&order), "{order}");
    let batch = format!(
        "At most {} MB of UTF-8 JSON; an order in it at most {} KB",
        batch::MAX_BODY_BYTES / (1024 * 1024),
        MAX_BODY_BYTES / 1024
    );
    assert!(description("/orders/batch").starts_with(&batch), "{batch}");
}

/// The day on which the table of currencies was last compared with its sources.
fn today() -> Timestamp {
    "2026-11-29T00:00:00.000Z".parse().unwrap()
}

#[test]
fn its_currencies_are_those_of_the_code() {
    let accepted: Vec<&str> = Currency::all()
        .map(Currency::code)
        .filter(|code| Currency::accept(code, today()).is_ok())
        .collect();
    assert_eq!(schema("Currency")["enum"], json!(accepted));
}

#[test]
fn its_problem_types_are_those_of_the_code() {
    let stated = schema("Problem")["properties"]["type"]["examples"].clone();
    assert_eq!(
        stated,
        json!(ProblemKind::ALL.map(rest_function::ProblemKind::type_uri))
    );
}

#[test]
fn the_code_accepts_every_order_in_it() {
    let document = document();
    let place =
        &document["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]["examples"];
    for (name, example) in place.as_object().unwrap() {
        Order::accept(&example["value"], today()).unwrap_or_else(|violations| panic!("{name}: {violations}"));
    }
}
