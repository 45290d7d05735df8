//! The API with a catalogue in memory: the client's answers, and the stored books.

mod browsers;
mod changing;
mod contract;
mod covers;
mod creating;
mod fake;
mod listing;

use aws_credential_types::Credentials;
use aws_lambda_events::apigw::ApiGatewayProxyResponse;
use aws_lambda_events::encodings::Body;
use serde_json::{Value, json};

use super::*;
use fake::{Fault, Memory};

/// An API whose clock never moves.
fn api() -> CatalogApi<Memory> {
    api_of(SharedCredentialsProvider::new(Credentials::new(
        "ASIAKEY",
        "secret",
        Some("token".to_owned()),
        None,
        "test",
    )))
}

/// The same with credentials of this provider.
fn api_of(credentials: SharedCredentialsProvider) -> CatalogApi<Memory> {
    let uploads = UploadBucket {
        name: "uploads".to_owned(),
        region: "us-east-1".to_owned(),
        endpoint_url: None,
    };
    let origins = "https://shop.example.com".parse().unwrap();
    CatalogApi {
        now: || "2026-11-29T12:00:00.000Z".parse().unwrap(),
        ..CatalogApi::new(Memory::default(), origins, uploads, credentials)
    }
}

/// An answer as a client sees it.
struct Answer {
    status: i64,
    headers: Vec<(String, String)>,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map_or("", |(_, value)| value)
    }
}

impl From<ApiGatewayProxyResponse> for Answer {
    fn from(response: ApiGatewayProxyResponse) -> Self {
        let header = |(name, value): (
            &aws_lambda_events::http::header::HeaderName,
            &aws_lambda_events::http::HeaderValue,
        )| { (name.to_string(), value.to_str().unwrap().to_owned()) };
        Self {
            status: response.status_code,
            headers: response.headers.iter().map(header).collect(),
            body: match &response.body {
                Some(Body::Text(text)) => serde_json::from_str(text).unwrap(),
                _ => Value::Null,
            },
        }
    }
}

impl CatalogApi<Memory> {
    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query: serde_json::Map<String, Value> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        let mut all = serde_json::Map::from_iter([("content-type".to_owned(), json!("application/json"))]);
        all.extend(
            headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value))),
        );
        let event = json!({
            "httpMethod": method, "path": path, "headers": all, "queryStringParameters": query,
            "body": if body.is_null() { Value::Null } else { json!(body.to_string()) },
            "requestContext": {"requestId": "r-1", "httpMethod": method, "path": format!("/dev{path}"), "identity": {}},
        });
        self.handle(&event.to_string(), Duration::from_hours(1))
            .await
            .into()
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], &Value::Null).await
    }
}

/// The book of most tests.
fn book() -> Value {
    json!({
        "isbn": "978-3-16-148410-0", "title": "The Lighthouse Index", "authors": ["Mara Quill"],
        "price": "18.90", "currency": "EUR",
    })
}

const PATH: &str = "/books/9783161484100";
