//! Decodes a function's answer into an HTTP response.
//!
//! Source: the API Gateway Developer Guide, "Output format of a Lambda function for proxy integration".

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// An answer that is not a proxy response. Holds the problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed Lambda proxy response: {0}")]
pub(crate) struct Malformed(&'static str);

/// Headers that hyper sets itself. The function's values are ignored.
const CONNECTION_HEADERS: [HeaderName; 4] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Decodes an answer.
pub(crate) fn decode(answer: &[u8]) -> Result<Response<Body>, Malformed> {
    let Ok(Value::Object(answer)) = serde_json::from_slice(answer) else {
        return Err(Malformed("it is not a JSON object"));
    };
    let status = status(&answer)?;
    let headers = headers(&answer)?;
    let body = body(&answer)?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    if !response.headers().contains_key(header::CONTENT_TYPE) {
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(response)
}

fn status(answer: &Map<String, Value>) -> Result<StatusCode, Malformed> {
    let status = match answer.get("statusCode") {
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        _ => None,
    };
    status
        .and_then(|status| u16::try_from(status).ok())
        // An informational status (1xx) would not end the response.
        .filter(|status| (200..=599).contains(status))
        .and_then(|status| StatusCode::from_u16(status).ok())
        .ok_or(Malformed("statusCode is not an HTTP status"))
}

/// Merges `headers` and `multiValueHeaders`. A header with the same name and value in both appears once.
fn headers(answer: &Map<String, Value>) -> Result<HeaderMap, Malformed> {
    let mut headers = HeaderMap::new();
    for (name, values) in object(answer, "multiValueHeaders")? {
        let Value::Array(values) = values else {
            return Err(Malformed("a multiValueHeaders entry is not a list"));
        };
        for value in values {
            append(&mut headers, name, value)?;
        }
    }
    for (name, value) in object(answer, "headers")? {
        append(&mut headers, name, value)?;
    }
    Ok(headers)
}

fn object<'a>(
    answer: &'a Map<String, Value>,
    name: &str,
) -> Result<impl Iterator<Item = (&'a String, &'a Value)>, Malformed> {
    match answer.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(entries)) => Ok(Some(entries.iter())),
        Some(_) => Err(Malformed("headers are not an object")),
    }
    .map(|entries| entries.into_iter().flatten())
}

fn append(headers: &mut HeaderMap, name: &str, value: &Value) -> Result<(), Malformed> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => return Err(Malformed("a header's value is not a string")),
    };
    let name =
        HeaderName::from_bytes(name.as_bytes()).map_err(|_| Malformed("a header's name is invalid"))?;
    let value = HeaderValue::from_str(&text).map_err(|_| Malformed("a header's value is invalid"))?;
    if !CONNECTION_HEADERS.contains(&name) && !headers.get_all(&name).iter().any(|known| known == value) {
        headers.append(name, value);
    }
    Ok(())
}

fn body(answer: &Map<String, Value>) -> Result<Vec<u8>, Malformed> {
    let text = match answer.get("body") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::String(text)) => text,
        Some(_) => return Err(Malformed("body is not a string")),
    };
    match answer.get("isBase64Encoded") {
        Some(Value::Bool(true)) => STANDARD.decode(text).map_err(|_| Malformed("body is not base64")),
        None | Some(Value::Null | Value::Bool(false)) => Ok(text.clone().into_bytes()),
        Some(_) => Err(Malformed("isBase64Encoded is not a boolean")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decode(answer: &Value) -> Result<Response<Body>, Malformed> {
        super::decode(answer.to_string().as_bytes())
    }

    #[tokio::test]
    async fn status_headers_and_body_come_from_the_answer() {
        let response = decode(&json!({
            "statusCode": 202,
            "headers": {"Location": "/orders/7", "Content-Length": "999", "X-Both": "a"},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "X-Both": ["a"]},
            "body": "aGk=",
            "isBase64Encoded": true,
        }))
        .unwrap();
        assert_eq!(response.status(), 202);
        assert_eq!(response.headers()["location"], "/orders/7");
        assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
        assert_eq!(response.headers().get_all("x-both").iter().count(), 1);
        assert!(!response.headers().contains_key("content-length"));
        assert_eq!(
            axum::body::to_bytes(response.into_body(), 10).await.unwrap(),
            "hi"
        );
    }

    #[test]
    fn a_malformed_answer_is_refused() {
        for answer in [
            json!("ok"),
            json!({}),
            json!({"statusCode": 99}),
            json!({"statusCode": 101}),
            json!({"statusCode": 200, "body": {"a": 1}}),
            json!({"statusCode": 200, "headers": []}),
            json!({"statusCode": 200, "headers": {"a b": "c"}}),
            json!({"statusCode": 200, "headers": {"a": "x\ny"}}),
            json!({"statusCode": 200, "body": "%", "isBase64Encoded": true}),
        ] {
            assert!(decode(&answer).is_err(), "{answer}");
        }
        assert!(decode(&json!({"statusCode": "204"})).is_ok());
    }
}
