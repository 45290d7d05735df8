//! Compares `docs/openapi.yaml` with the handler: every example is the code's answer to its request, and every answer fits its
//! schema.

use std::collections::BTreeSet;

use order_core::{Order, OrderMessage};
use order_table::{Cancellation, Claim, FailedOrder, Notification, OrderRow};

use super::*;
use crate::key_rule::KeyRule;

fn document() -> Value {
    serde_json::from_str(crate::openapi::DOCUMENT).unwrap()
}

/// Where an answer's examples stand in the document.
fn response(path: &str, method: &str, status: &str) -> String {
    let path = path.replace('~', "~0").replace('/', "~1");
    format!("/paths/{path}/{method}/responses/{status}")
}

/// A request, and the example that its answer must be.
struct Exchange {
    /// The pointer of the response object.
    response: String,
    example: &'static str,
    status: i64,
    event: Value,
    queue: Queue,
    table: Table,
    claims: Claims,
    key_rule: KeyRule,
}

impl Exchange {
    fn new(response: String, example: &'static str, status: i64, event: Value) -> Self {
        Self {
            response,
            example,
            status,
            event,
            queue: Queue::default(),
            table: Table::default(),
            claims: Claims::default(),
            key_rule: KeyRule::default(),
        }
    }

    fn where_keys_are_required(self) -> Self {
        Self {
            key_rule: KeyRule::Required,
            ..self
        }
    }

    fn with_claims(self, claims: Claims) -> Self {
        Self { claims, ..self }
    }

    fn with_queue(self, queue: Queue) -> Self {
        Self { queue, ..self }
    }

    fn with_table(self, table: Table) -> Self {
        Self { table, ..self }
    }
}

/// The mark of the order that is read.
fn failed() -> Claims {
    Claims::marking(FailedOrder {
        order_id: NEW_ID.parse().unwrap(),
        error_code: "invalid_item".to_owned(),
        failed_at: "2026-11-23T09:30:01.000Z".parse().unwrap(),
        accepted_at: "2026-11-23T09:30:00.000Z".parse().unwrap(),
    })
}

/// The full order of the document's request examples.
fn order() -> Value {
    document()
        .pointer("/paths/~1orders/post/requestBody/content/application~1json/examples/full/value")
        .unwrap()
        .clone()
}

fn two_entries() -> Value {
    document()
        .pointer("/paths/~1orders~1batch/post/requestBody/content/application~1json/examples/two/value")
        .unwrap()
        .clone()
}

fn place(body: &str) -> Value {
    post(&json!({"/body": body}))
}

fn place_batch(body: &Value) -> Value {
    let mut event = post(&without_key());
    event["path"] = json!("/orders/batch");
    event["requestContext"]["path"] = json!("/prod/orders/batch");
    event["body"] = json!(body.to_string());
    event
}

fn at(path: &str) -> Value {
    let mut event = get(&json!({"/path": path}));
    event["requestContext"]["path"] = json!(format!("/prod{path}"));
    event
}

fn list(query: &Value) -> Value {
    let mut event = at("/orders");
    event["multiValueQueryStringParameters"] = query.clone();
    event
}

/// The stored order of the document, after its cancellation.
fn cancelled() -> OrderRow {
    OrderRow {
        cancellation: Some(Cancellation {
            cancelled_at: "2026-11-23T09:30:00.900Z".parse().unwrap(),
            notification: None,
        }),
        ..notified()
    }
}

fn read() -> Value {
    at(&format!("/orders/{NEW_ID}"))
}

/// The stored order of the document, after its email.
fn notified() -> OrderRow {
    let message = OrderMessage::new(
        NEW_ID.parse().unwrap(),
        "2026-11-23T09:30:00.250Z".parse().unwrap(),
        Order::restore(&order()).unwrap(),
    );
    OrderRow {
        notification: Some(Notification {
            id: "01a207bd-af64-7a01-8f3e-3b7c8c1d2e4f".to_owned(),
            notified_at: "2026-11-23T09:30:01.700Z".parse().unwrap(),
        }),
        ..OrderRow::confirmed(message, "2026-11-23T09:30:00.600Z".parse().unwrap())
    }
}

/// Another order under the key of the sample request.
fn taken() -> Table {
    let other = json!({"customer": {"id": "c"}, "currency": "EUR", "items": [{"sku": "A", "quantity": 1, "unit_price": "1.00"}]});
    let message = OrderMessage::new(
        "f55e9d80-367b-580c-a76b-c8136a28e17e".parse().unwrap(),
        "2026-11-23T09:30:00.250Z".parse().unwrap(),
        Order::restore(&other).unwrap(),
    );
    Table::holding([OrderRow::confirmed(
        message,
        "2026-11-23T09:30:00.600Z".parse().unwrap(),
    )])
}

/// The claim of the sample request by another request that has not ended.
fn under_way() -> Claim {
    let message = OrderMessage::new(
        "f55e9d80-367b-580c-a76b-c8136a28e17e".parse().unwrap(),
        "2026-11-23T09:30:00.000Z".parse().unwrap(),
        Order::restore(&order()).unwrap(),
    );
    Claim::of(&message, Duration::from_secs(10))
}

fn exchanges() -> Vec<Exchange> {
    let mut exchanges = exchanges_about_orders();
    exchanges.extend(exchanges_about_cancellations());
    exchanges
}

fn exchanges_about_cancellations() -> Vec<Exchange> {
    let cancelling = |status: &str| response("/orders/{order_id}/cancel", "post", status);
    let with_body = |body: &str| {
        let mut event = cancel(NEW_ID);
        event["body"] = json!(body);
        event
    };
    let mut as_text = with_body("{}");
    as_text["multiValueHeaders"] = json!({"Content-Type": ["text/plain"]});
    let mut no_id = cancel(NEW_ID);
    no_id["path"] = json!("/orders/42/cancel");
    vec![
        Exchange::new(cancelling("202"), "requested", 202, cancel(NEW_ID))
            .with_table(Table::holding([notified()])),
        Exchange::new(cancelling("200"), "cancelled", 200, cancel(NEW_ID))
            .with_table(Table::holding([cancelled()])),
        Exchange::new(cancelling("400"), "not_json", 400, with_body("{")),
        Exchange::new(cancelling("404"), "no_id", 404, no_id),
        Exchange::new(cancelling("410"), "erased", 410, cancel(NEW_ID)).with_table(erased(NEW_ID)),
        Exchange::new(cancelling("413"), "too_large", 413, with_body(&" ".repeat(1025))),
        Exchange::new(cancelling("415"), "not_json", 415, as_text),
        Exchange::new(
            cancelling("422"),
            "unknown_field",
            422,
            with_body(r#"{"reason": "too late"}"#),
        ),
        Exchange::new(cancelling("503"), "queue_refuses", 503, cancel(NEW_ID))
            .with_queue(Queue::failing(Fault::Error)),
    ]
}

fn exchanges_about_orders() -> Vec<Exchange> {
    let order = order();
    let mut wrong = order.clone();
    wrong["items"][0]["quantity"] = json!(0);
    wrong["discount"] = json!("5.00");
    let mut delete = at("/orders");
    delete["httpMethod"] = json!("DELETE");
    let mut other_version = at("/orders");
    other_version["multiValueHeaders"] = json!({"API-Version": ["2"]});
    let placing = |status: &str| response("/orders", "post", status);
    let batch = |status: &str| response("/orders/batch", "post", status);
    let listing = |status: &str| response("/orders", "get", status);
    let reading = |status: &str| response("/orders/{order_id}", "get", status);
    let shared = |name: &str| format!("/components/responses/{name}");
    let mut keyed_batch = place_batch(&two_entries());
    keyed_batch["multiValueHeaders"] =
        json!({"Content-Type": ["application/json"], "Idempotency-Key": ["k"]});
    let mut unmarked_batch = place_batch(&two_entries());
    unmarked_batch["headers"] = json!({});
    unmarked_batch["multiValueHeaders"] = json!({});
    let bad_key = json!({"/multiValueHeaders/Idempotency-Key": [""], "/body": order.to_string()});
    vec![
        Exchange::new(response("/", "get", "200"), "index", 200, at("/")),
        Exchange::new(placing("202"), "accepted", 202, place(&order.to_string())),
        Exchange::new(placing("400"), "not_json", 400, place("{")),
        Exchange::new(placing("400"), "bad_key", 400, post(&bad_key)),
        Exchange::new(placing("400"), "key_required", 400, post(&without_key())).where_keys_are_required(),
        Exchange::new(placing("409"), "in_progress", 409, place(&order.to_string()))
            .with_claims(Claims::holding(under_way())),
        Exchange::new(placing("410"), "erased", 410, place(&order.to_string()))
            .with_table(erased("f55e9d80-367b-580c-a76b-c8136a28e17e")),
        Exchange::new(placing("413"), "too_large", 413, place(&" ".repeat(65_537))),
        Exchange::new(
            placing("415"),
            "not_json",
            415,
            post(&json!({"/multiValueHeaders/Content-Type": ["text/plain"]})),
        ),
        Exchange::new(placing("422"), "invalid", 422, place(&wrong.to_string())),
        Exchange::new(placing("422"), "key_reused", 422, place(&order.to_string())).with_table(taken()),
        Exchange::new(placing("503"), "queue_refuses", 503, place(&order.to_string()))
            .with_queue(Queue::failing(Fault::Error)),
        Exchange::new(
            listing("200"),
            "last_page",
            200,
            list(&json!({"customer_id": ["customer-1001"]})),
        )
        .with_table(Table::holding([notified()])),
        Exchange::new(
            listing("400"),
            "invalid_parameters",
            400,
            list(&json!({"limit": ["0"]})),
        ),
        Exchange::new(
            listing("503"),
            "table_away",
            503,
            list(&json!({"customer_id": ["c"]})),
        )
        .with_table(Table::failing(Fault::Error)),
        Exchange::new(batch("207"), "good_and_bad", 207, place_batch(&two_entries())),
        Exchange::new(batch("400"), "header_refused", 400, keyed_batch),
        Exchange::new(
            batch("413"),
            "too_large",
            413,
            place_batch(&json!(" ".repeat(1 << 20))),
        ),
        Exchange::new(batch("415"), "not_json", 415, unmarked_batch),
        Exchange::new(
            batch("422"),
            "no_entries",
            422,
            place_batch(&json!({"entries": []})),
        ),
        Exchange::new(reading("200"), "notified", 200, read()).with_table(Table::holding([notified()])),
        Exchange::new(reading("202"), "accepted", 202, read()).with_claims(Claims::holding(Claim {
            order_id: NEW_ID.parse().unwrap(),
            ..under_way()
        })),
        Exchange::new(reading("202"), "failed", 202, read()).with_claims(failed()),
        Exchange::new(reading("404"), "not_yet", 404, read()),
        Exchange::new(reading("404"), "no_id", 404, at("/orders/42")),
        Exchange::new(reading("410"), "erased", 410, read()).with_table(erased(NEW_ID)),
        Exchange::new(reading("503"), "table_away", 503, read()).with_table(Table::failing(Fault::Error)),
        Exchange::new(shared("Internal"), "internal", 500, place(&order.to_string()))
            .with_queue(Queue::failing(Fault::Panic)),
        Exchange::new(shared("Refused"), "method_not_allowed", 405, delete),
        Exchange::new(shared("Refused"), "unsupported_version", 400, other_version),
        Exchange::new(shared("Refused"), "no_such_path", 404, at("/basket")),
        Exchange::new(shared("Failed"), "out_of_time", 503, place(&order.to_string()))
            .with_queue(Queue::failing(Fault::Hang)),
    ]
}

/// The content object, by media type, of the response at `pointer`.
fn content(document: &Value, pointer: &str) -> (String, Value) {
    let content = document.pointer(pointer).unwrap()["content"].as_object().unwrap();
    let (media_type, content) = content.iter().next().unwrap();
    (media_type.clone(), content.clone())
}

/// Forbids fields that a schema does not name. The document allows them, so that a later version can add some; the code of this
/// version must not answer with a field that the document does not have.
fn close(schema: &mut Value) {
    match schema {
        Value::Array(schemas) => schemas.iter_mut().for_each(close),
        Value::Object(fields) => {
            fields.values_mut().for_each(close);
            if fields.get("type") == Some(&json!("object")) && fields.contains_key("properties") {
                fields.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        _ => {}
    }
}

/// Every schema that the part of the document names, and those that they name.
fn collect_schemas(document: &Value, part: &Value, names: &mut BTreeSet<String>) {
    match part {
        Value::Array(parts) => parts
            .iter()
            .for_each(|part| collect_schemas(document, part, names)),
        Value::Object(fields) => {
            for part in fields.values() {
                collect_schemas(document, part, names);
            }
            let reference = fields.get("$ref").and_then(Value::as_str);
            if let Some(pointer) = reference.and_then(|reference| reference.strip_prefix('#'))
                && (!pointer.contains("/schemas/") || names.insert(pointer.to_owned()))
            {
                collect_schemas(document, document.pointer(pointer).unwrap(), names);
            }
        }
        _ => {}
    }
}

#[test]
fn a_later_version_can_add_fields_and_values_to_every_answer() {
    let document = document();
    let mut names = BTreeSet::new();
    for operation in document["paths"].as_object().unwrap().values() {
        for method in operation.as_object().unwrap().values() {
            collect_schemas(&document, &method["responses"], &mut names);
        }
    }
    assert!(names.contains("/components/schemas/StoredOrder"), "{names:?}");
    for name in names {
        let schema = document.pointer(&name).unwrap();
        assert_ne!(schema["additionalProperties"], json!(false), "{name}");
        let status = &schema["properties"]["status"];
        assert!(
            status.get("enum").is_none() && status.get("const").is_none(),
            "{name}"
        );
    }
}

/// Checks `instance` against a schema of the document, whose references lead into its components.
fn assert_fits(document: &Value, schema: &Value, instance: &Value, what: &str) {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    close(&mut schema);
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let wrong: Vec<String> = validator
        .iter_errors(instance)
        .map(|error| error.to_string())
        .collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
}

fn header<'a>(answer: &'a ApiGatewayProxyResponse, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().unwrap())
}

/// Every header that the document requires of the response is there, and fits its schema where that is a string's.
fn assert_headers(document: &Value, pointer: &str, answer: &ApiGatewayProxyResponse, what: &str) {
    let Some(headers) = document.pointer(pointer).unwrap()["headers"].as_object() else {
        return;
    };
    for (name, header_object) in headers {
        let stated = match header_object["$ref"].as_str() {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
            None => header_object,
        };
        match header(answer, name) {
            Some(value) => {
                let value = match stated["schema"]["type"].as_str() {
                    Some("integer") => json!(value.parse::<u32>().unwrap()),
                    _ => json!(value),
                };
                assert_fits(document, &stated["schema"], &value, &format!("{what}: {name}"));
            }
            None => assert!(stated["required"] != json!(true), "{what}: no header {name}"),
        }
    }
}

#[tokio::test]
async fn every_example_is_what_the_code_answers() {
    let document = document();
    for mut exchange in exchanges() {
        exchange.event["requestContext"]["requestId"] = json!("a102331d-8ae2-502d-bd97-a6c969b8607a");
        let what = format!("{} {}", exchange.response, exchange.example);
        let (media_type, content) = content(&document, &exchange.response);
        // A handler is polled once before its timeout is: one that answers at once is in time, one that hangs is not.
        let mut api = api(exchange.queue, exchange.table);
        api.claims = exchange.claims;
        api.settings.key_rule = exchange.key_rule;
        let answer = api.handle(&exchange.event.to_string(), Duration::ZERO).await;
        let answered: Value = serde_json::from_str(body(&answer)).unwrap();
        assert_eq!(answer.status_code, exchange.status, "{what}: {answered:#}");
        assert_eq!(
            header(&answer, "content-type"),
            Some(media_type.as_str()),
            "{what}"
        );
        let stated = &content["examples"][exchange.example]["value"];
        assert!(
            *stated == answered,
            "{what}: the document says {stated:#}, the code answers {answered:#}"
        );
        assert_fits(&document, &content["schema"], &answered, &what);
        assert_headers(&document, &exchange.response, &answer, &what);
    }
}

#[test]
fn no_example_is_left_out() {
    let document = document();
    let mut stated = BTreeSet::new();
    let mut note = |pointer: String, response: &Value| {
        for content in response["content"]
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::values)
        {
            for name in content["examples"]
                .as_object()
                .into_iter()
                .flat_map(serde_json::Map::keys)
            {
                stated.insert((pointer.clone(), name.clone()));
            }
        }
    };
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
                note(response(path, method, status), answer);
            }
        }
    }
    for (name, answer) in document["components"]["responses"].as_object().unwrap() {
        note(format!("/components/responses/{name}"), answer);
    }
    let shown: BTreeSet<_> = exchanges()
        .into_iter()
        .map(|exchange| (exchange.response, exchange.example.to_owned()))
        .collect();
    assert_eq!(stated, shown);
}

#[tokio::test]
async fn the_document_is_served_and_may_be_kept() {
    let api = api(Queue::default(), Table::default());
    let first = api.answer_to(at("/openapi.json")).await;
    assert_eq!(first.status_code, 200);
    assert_eq!(body(&first), crate::openapi::DOCUMENT);
    let mut again = at("/openapi.json");
    again["multiValueHeaders"] = json!({"If-None-Match": [header(&first, "etag").unwrap()]});
    assert_eq!(api.answer_to(again).await.status_code, 304);
}

/// A reader that skips what it does not know can follow the document's links.
#[tokio::test]
async fn a_request_example_of_each_kind_is_accepted() {
    let document = document();
    let examples = "/paths/~1orders/post/requestBody/content/application~1json/examples";
    for (name, example) in document.pointer(examples).unwrap().as_object().unwrap() {
        let api = api(Queue::default(), Table::default());
        let answer = api.answer_to(place(&example["value"].to_string())).await;
        assert_eq!(answer.status_code, 202, "{name}");
        assert_fits(
            &document,
            &document["components"]["schemas"]["Order"],
            &example["value"],
            name,
        );
    }
    assert_fits(
        &document,
        &document["components"]["schemas"]["Batch"],
        &two_entries(),
        "batch",
    );
}
