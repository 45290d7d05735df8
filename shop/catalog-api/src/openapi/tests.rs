//! Compares the document with the code: limits, problem types and examples of requests.

use serde_json::{Value, json};

use super::DOCUMENT;
use crate::book::{Author, Book, MAX_AUTHORS, MAX_BODY_BYTES, RefusalReason, Stock, Title};
use crate::list_query::{DEFAULT_LIMIT, MAX_LIMIT, MAX_QUERY_CHARACTERS, MAX_WORDS};
use crate::problem::ProblemKind;
use crate::upload;

const YAML: &str = include_str!("../../../openapi.yaml");

fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

#[test]
fn the_document_that_is_served_is_the_one_in_the_folder_shop() {
    let yaml: Value = yaml_serde::from_str(YAML).unwrap();
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/openapi/openapi.json");
        std::fs::write(path, yaml.to_string() + "\n").unwrap();
        return;
    }
    assert!(
        yaml == document(),
        "run UPDATE_OPENAPI=1 cargo test -p catalog-api openapi"
    );
}

#[test]
fn its_limits_are_those_of_the_code() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let parameters = &document["paths"]["/books"]["get"]["parameters"];
    for (stated, held) in [
        (&schemas["Title"]["maxLength"], json!(Title::MAX_CHARACTERS)),
        (&schemas["Author"]["maxLength"], json!(Author::MAX_CHARACTERS)),
        (&schemas["Authors"]["maxItems"], json!(MAX_AUTHORS)),
        (
            &schemas["Cover"]["properties"]["reason"]["examples"],
            json!(RefusalReason::ALL.map(RefusalReason::code)),
        ),
        (
            &schemas["UploadRequest"]["properties"]["content_type"]["enum"],
            json!(upload::CONTENT_TYPES),
        ),
        (
            &schemas["UploadRequest"]["properties"]["size"]["maximum"],
            json!(upload::MAX_BYTES),
        ),
        (&schemas["Stock"]["enum"], json!(Stock::ALL.map(|(name, _)| name))),
        (&parameters[0]["schema"]["maxLength"], json!(MAX_QUERY_CHARACTERS)),
        (&parameters[1]["schema"]["maximum"], json!(MAX_LIMIT)),
        (&parameters[1]["schema"]["default"], json!(DEFAULT_LIMIT)),
    ] {
        assert_eq!(*stated, held);
    }
    let body = &document["paths"]["/books"]["post"]["requestBody"]["description"];
    assert_eq!(
        *body,
        format!(
            "At most {} KB of UTF-8 JSON. The character U+FFFD is written as an escape.",
            MAX_BODY_BYTES / 1024
        )
    );
    let words = parameters[0]["description"].as_str().unwrap();
    assert!(words.ends_with(&format!("At most {MAX_WORDS}.")), "{words}");
}

#[test]
fn its_problem_types_are_those_of_the_code() {
    let stated = document()["components"]["schemas"]["Problem"]["properties"]["type"]["examples"].clone();
    assert_eq!(
        stated,
        json!(ProblemKind::ALL.map(rest_function::ProblemKind::type_uri))
    );
}

#[test]
fn the_code_accepts_every_book_in_it() {
    let document = document();
    let examples =
        &document["paths"]["/books"]["post"]["requestBody"]["content"]["application/json"]["examples"];
    let now = "2026-11-29T00:00:00.000Z".parse().unwrap();
    for (name, example) in examples.as_object().unwrap() {
        Book::accept(&example["value"], now).unwrap_or_else(|violations| panic!("{name}: {violations}"));
    }
}
