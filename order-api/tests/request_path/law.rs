//! The rules for the answer to any request. The fuzz target in `fuzz/` uses this file too.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::encodings::Body;
use aws_lambda_events::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use order_api::ports::{
    Acceptance, ClaimTable, Claimed, CustomerQuery, OrderQueue, OrderTable, Page, QueueError, TableError,
    Unstored,
};
use order_api::{OrderApi, Settings};
use order_core::{CancellationMessage, Order, OrderId, OrderMessage, Timestamp, Trace};
use order_table::{Claim, Stored};
use serde_json::{Value, json};

/// The API's contract, as JSON.
const DOCUMENT: &str = include_str!("../../src/openapi/openapi.json");

/// A queue that takes everything.
#[derive(Default)]
struct Queue(Mutex<Vec<OrderId>>);

impl OrderQueue for &Queue {
    async fn send(&self, message: &OrderMessage, _: Option<Trace>) -> Result<(), QueueError> {
        // order-worker must be able to read the message, or an accepted order would be dead-lettered.
        OrderMessage::from_json(&message.to_json()).expect("a message that can be read");
        self.0
            .lock()
            .expect("no panic under the lock")
            .push(message.order_id);
        Ok(())
    }

    async fn send_cancellation(
        &self,
        _: &CancellationMessage,
        _: Option<&Order>,
        _: Option<Trace>,
    ) -> Result<(), QueueError> {
        Ok(())
    }

    async fn send_all(&self, messages: &[OrderMessage], trace: Option<Trace>) -> Vec<Result<(), QueueError>> {
        let mut sent = Vec::new();
        for message in messages {
            sent.push(self.send(message, trace).await);
        }
        sent
    }
}

/// A table without orders.
struct Table;

impl OrderTable for Table {
    async fn order(&self, _: OrderId) -> Result<Option<Stored>, TableError> {
        Ok(None)
    }

    async fn acceptance(&self, _: OrderId) -> Result<Option<Acceptance>, TableError> {
        Ok(None)
    }

    async fn acceptances(&self, _: &[OrderId]) -> Result<HashMap<OrderId, Acceptance>, TableError> {
        Ok(HashMap::new())
    }

    async fn by_customer(&self, _: &CustomerQuery) -> Result<Page, TableError> {
        Ok(Page {
            unreadable: Vec::new(),
            rows: Vec::new(),
            next: None,
        })
    }
}

/// A table of claims in which every key is new.
struct Claims;

impl ClaimTable for Claims {
    async fn claim(&self, claims: &[Claim]) -> Vec<Result<Claimed, TableError>> {
        vec![Ok(Claimed::First); claims.len()]
    }

    async fn release(&self, _: &[OrderId], _: Timestamp) -> Result<(), TableError> {
        Ok(())
    }

    async fn resume(&self, _: &[OrderId]) -> Result<(), TableError> {
        Ok(())
    }

    async fn unstored(&self, _: OrderId) -> Result<Unstored, TableError> {
        Ok(Unstored::default())
    }
}

/// Reads bytes as a request: a line `METHOD /path?query`, header lines, an empty line, the body. Anything that is missing or
/// wrong is left out, so that any bytes are some request. A body that is no UTF-8 comes in base64, as the gateway sends it.
pub(crate) fn event(bytes: &[u8]) -> Value {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((bytes, &[][..]), |end| (&bytes[..end], &bytes[end + 2..]));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let (method, target) = lines
        .next()
        .unwrap_or_default()
        .split_once(' ')
        .unwrap_or(("GET", "/"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.entry(name).or_default().push(value);
    }
    let mut parameters: HashMap<&str, Vec<&str>> = HashMap::new();
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        parameters.entry(name).or_default().push(value);
    }
    let (body, is_base64) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (STANDARD.encode(body), true),
    };
    json!({
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "multiValueHeaders": headers,
        "multiValueQueryStringParameters": parameters,
        "requestContext": {"httpMethod": method, "path": path, "requestId": "r-1", "identity": {}},
        "body": body,
        "isBase64Encoded": is_base64,
    })
}

/// Hands the request to the API and checks the answer. The status.
///
/// # Panics
///
/// When the answer breaks a rule: the queue and the table work, so that no answer may be a failure of ours.
pub(crate) async fn check_request(bytes: &[u8]) -> i64 {
    let queue = Queue::default();
    let allowed_origins = "https://shop.example.com".parse().expect("an origin");
    let api = OrderApi::new(&queue, Table, Claims, Settings::new(allowed_origins));
    let answer = api
        .handle(&event(bytes).to_string(), Duration::from_hours(1))
        .await;
    let status = answer.status_code;
    assert!((200..500).contains(&status), "{status}");
    check_document(&answer);
    let enqueued = queue.0.lock().expect("no panic under the lock").len();
    match status {
        202 => assert_eq!(enqueued, 1, "accepted"),
        207 => {}
        _ => assert_eq!(enqueued, 0, "refused or only read"),
    }
    status
}

/// The body fits the contract: a problem where the request failed, one of the documented documents where not.
fn check_document(answer: &ApiGatewayProxyResponse) {
    let status = answer.status_code;
    let content_type = answer.headers.get("content-type").map(HeaderValue::as_bytes);
    let Some(Body::Text(text)) = &answer.body else {
        return;
    };
    let body: Value = serde_json::from_str(text).expect("JSON");
    let schema = match status {
        200 if body["orders"].is_array() => "OrderList",
        200 if body["openapi"].is_string() => return,
        200 => "Index",
        202 => "Receipt",
        207 => "BatchAnswer",
        _ => {
            assert_eq!(content_type, Some(&b"application/problem+json"[..]));
            assert_eq!(body["status"], json!(status));
            assert_eq!(body["request_id"], json!("r-1"));
            "Problem"
        }
    };
    thread_local! {
        static VALIDATORS: HashMap<&'static str, jsonschema::Validator> = validators();
    }
    VALIDATORS.with(|validators| {
        if let Err(error) = validators[schema].validate(&body) {
            panic!("{status}, not a {schema}: {error}");
        }
    });
}

fn validators() -> HashMap<&'static str, jsonschema::Validator> {
    let document: Value = serde_json::from_str(DOCUMENT).expect("JSON");
    ["OrderList", "Index", "Receipt", "BatchAnswer", "Problem"]
        .map(|name| {
            let schema =
                json!({"$ref": format!("#/components/schemas/{name}"), "components": document["components"]});
            (name, jsonschema::draft202012::new(&schema).expect("a schema"))
        })
        .into()
}
