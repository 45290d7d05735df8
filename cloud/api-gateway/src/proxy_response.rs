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

/// The keys of a proxy response. One with another key is malformed, and none is required (recorded on AWS).
const KEYS: [&str; 5] = [
    "statusCode",
    "headers",
    "multiValueHeaders",
    "body",
    "isBase64Encoded",
];

/// Headers that the gateway sets itself. The function's values get the prefix `x-amzn-remapped-`.
///
/// Source: "Amazon API Gateway important notes for REST APIs".
const REMAPPED: [HeaderName; 5] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::DATE,
    header::SERVER,
    header::WWW_AUTHENTICATE,
];
/// Headers of a connection, which do not arrive.
const DROPPED: [HeaderName; 2] = [header::TRANSFER_ENCODING, header::UPGRADE];

/// Decodes an answer. `binary` says whether the request accepts one of the API's binary media types.
pub(crate) fn decode(answer: &[u8], binary: bool) -> Result<Response<Body>, Malformed> {
    let Ok(Value::Object(answer)) = serde_json::from_slice(answer) else {
        return Err(Malformed("it is not a JSON object"));
    };
    if answer.keys().any(|key| !KEYS.contains(&key.as_str())) {
        return Err(Malformed("it has a key that is not one of a proxy response"));
    }
    let status = status(&answer)?;
    let headers = headers(&answer)?;
    let body = body(&answer, binary)?;
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
        None | Some(Value::Null) => Some(200),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
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
        match values {
            Value::Array(values) => {
                for value in values {
                    append(&mut headers, name, value)?;
                }
            }
            value => append(&mut headers, name, value)?,
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
        Value::Bool(value) => value.to_string(),
        _ => return Err(Malformed("a header's value is not a string")),
    };
    let invalid = Malformed("a header's name is invalid");
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid)?;
    let value = HeaderValue::from_str(&text).map_err(|_| Malformed("a header's value is invalid"))?;
    let name = if REMAPPED.contains(&name) {
        let remapped = format!("x-amzn-remapped-{name}");
        HeaderName::from_bytes(remapped.as_bytes()).map_err(|_| invalid)?
    } else {
        name
    };
    if !DROPPED.contains(&name) && !headers.get_all(&name).iter().any(|known| known == value) {
        headers.append(name, value);
    }
    Ok(())
}

/// A body in base64 is decoded only for a client that accepts one of the API's binary media types, as on AWS.
fn body(answer: &Map<String, Value>, binary: bool) -> Result<Vec<u8>, Malformed> {
    let text = match answer.get("body") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::String(text)) => text,
        Some(_) => return Err(Malformed("body is not a string")),
    };
    match answer.get("isBase64Encoded") {
        Some(Value::Bool(true)) if binary => {
            STANDARD.decode(text).map_err(|_| Malformed("body is not base64"))
        }
        None | Some(Value::Null | Value::Bool(_)) => Ok(text.clone().into_bytes()),
        Some(_) => Err(Malformed("isBase64Encoded is not a boolean")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decode(answer: &Value) -> Result<Response<Body>, Malformed> {
        super::decode(answer.to_string().as_bytes(), false)
    }

    async fn body(response: Response<Body>) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn status_headers_and_body_come_from_the_answer() {
        let response = decode(&json!({
            "statusCode": 202,
            "headers": {"Location": "/orders/7", "X-Both": "a", "X-Flag": true},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "X-Both": ["a"], "X-One": "1"},
            "body": "hi",
        }))
        .unwrap();
        assert_eq!(response.status(), 202);
        let headers = response.headers();
        for (name, value) in [("location", "/orders/7"), ("x-flag", "true"), ("x-one", "1")] {
            assert_eq!(headers[name], value);
        }
        assert_eq!(headers.get_all("set-cookie").iter().count(), 2);
        assert_eq!(headers.get_all("x-both").iter().count(), 1);
        assert_eq!(body(response).await, "hi");
    }

    #[test]
    fn headers_of_the_gateway_are_remapped() {
        let response = decode(&json!({"headers": {
            "Content-Length": "999", "Server": "mine", "date": "today", "Transfer-Encoding": "chunked",
            "WWW-Authenticate": "Bearer",
        }}))
        .unwrap();
        let mut headers: Vec<_> = response
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        assert_eq!(
            headers,
            [
                "content-type: application/json",
                "x-amzn-remapped-content-length: 999",
                "x-amzn-remapped-date: today",
                "x-amzn-remapped-server: mine",
                "x-amzn-remapped-www-authenticate: Bearer",
            ]
        );
    }

    /// As recorded on AWS: no key is required, and no other one is allowed.
    #[tokio::test]
    async fn a_missing_status_is_200() {
        for answer in [
            json!({}),
            json!({"statusCode": 200}),
            json!({"statusCode": null, "body": null, "headers": null}),
            json!({"headers": {"test-header": "value"}}),
        ] {
            let response = decode(&answer).unwrap();
            assert_eq!(response.status(), 200, "{answer}");
            assert_eq!(body(response).await, "", "{answer}");
        }
        assert_eq!(decode(&json!({"statusCode": "204"})).unwrap().status(), 204);
    }

    #[test]
    fn a_malformed_answer_is_refused() {
        for answer in [
            json!("ok"),
            json!(null),
            json!([]),
            json!({"statusCode": 200, "wrongValue": "value"}),
            json!({"statuscode": 200}),
            json!({"statusCode": 99}),
            json!({"statusCode": 101}),
            json!({"statusCode": "ok"}),
            json!({"statusCode": 200, "body": {"a": 1}}),
            json!({"statusCode": 200, "headers": []}),
            json!({"statusCode": 200, "headers": {"a": 1}}),
            json!({"statusCode": 200, "headers": {"a b": "c"}}),
            json!({"statusCode": 200, "headers": {"a": "x\ny"}}),
            json!({"statusCode": 200, "isBase64Encoded": "true", "body": ""}),
        ] {
            assert!(decode(&answer).is_err(), "{answer}");
        }
    }

    #[tokio::test]
    async fn base64_is_decoded_for_binary_media_types_only() {
        let answer = json!({"body": "aGk=", "isBase64Encoded": true}).to_string();
        for (binary, expected) in [(false, "aGk="), (true, "hi")] {
            let response = super::decode(answer.as_bytes(), binary).unwrap();
            assert_eq!(body(response).await, expected);
        }
        let answer = json!({"body": "%", "isBase64Encoded": true}).to_string();
        assert!(super::decode(answer.as_bytes(), true).is_err());
    }
}
