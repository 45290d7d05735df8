//! Encodes a request as API Gateway's proxy event, version 1.0.
//!
//! Source: the API Gateway Developer Guide, "Input format of a Lambda function for proxy integration".

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::routes::Match;

/// The fields that all events of an API share.
#[derive(Clone, Debug)]
pub struct ApiContext {
    /// The account, twelve digits.
    pub account_id: String,
    /// The API's id.
    pub api_id: String,
    /// The stage that serves it.
    pub stage: String,
}

type Single = BTreeMap<String, String>;
type Multiple = BTreeMap<String, Vec<String>>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProxyEvent<'r> {
    resource: &'r str,
    path: &'r str,
    http_method: &'r str,
    headers: Single,
    multi_value_headers: Multiple,
    query_string_parameters: Option<Single>,
    multi_value_query_string_parameters: Option<Multiple>,
    path_parameters: Option<&'r BTreeMap<&'r str, String>>,
    stage_variables: Option<Single>,
    request_context: RequestContext<'r>,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'r> {
    account_id: &'r str,
    api_id: &'r str,
    domain_name: &'r str,
    domain_prefix: &'r str,
    extended_request_id: String,
    http_method: &'r str,
    identity: Identity<'r>,
    path: &'r str,
    protocol: &'static str,
    request_id: String,
    request_time: String,
    request_time_epoch: i64,
    resource_id: &'r str,
    resource_path: &'r str,
    stage: &'r str,
}

/// The identity of the caller. Callers of a loopback port are not authenticated, so most fields are null.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'r> {
    access_key: Option<&'r str>,
    account_id: Option<&'r str>,
    caller: Option<&'r str>,
    cognito_authentication_provider: Option<&'r str>,
    cognito_authentication_type: Option<&'r str>,
    cognito_identity_id: Option<&'r str>,
    cognito_identity_pool_id: Option<&'r str>,
    principal_org_id: Option<&'r str>,
    source_ip: String,
    user: Option<&'r str>,
    user_agent: Option<&'r str>,
    user_arn: Option<&'r str>,
}

/// Encodes a request. The path does not contain the stage, as with a custom domain.
pub(crate) fn encode(
    api: &ApiContext,
    request: &Parts,
    body: &Bytes,
    found: &Match<'_>,
    peer: SocketAddr,
    request_id: Uuid,
) -> Result<Vec<u8>, serde_json::Error> {
    let path = request.uri.path();
    let method = request.method.as_str();
    let multi_value_headers = headers(&request.headers);
    let multi_value_query = query(request.uri.query().unwrap_or_default());
    let now = OffsetDateTime::now_utc();
    let header = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let domain_name = header("host").unwrap_or("localhost");
    let (body, is_base64_encoded) = encode_body(body);
    serde_json::to_vec(&ProxyEvent {
        resource: found.resource,
        path,
        http_method: method,
        headers: last_values(&multi_value_headers),
        multi_value_headers,
        query_string_parameters: (!multi_value_query.is_empty()).then(|| last_values(&multi_value_query)),
        multi_value_query_string_parameters: (!multi_value_query.is_empty()).then_some(multi_value_query),
        path_parameters: (!found.parameters.is_empty()).then_some(&found.parameters),
        stage_variables: None,
        request_context: RequestContext {
            account_id: &api.account_id,
            api_id: &api.api_id,
            domain_name,
            domain_prefix: domain_name.split(['.', ':']).next().unwrap_or_default(),
            extended_request_id: STANDARD.encode(&request_id.as_bytes()[..11]),
            http_method: method,
            identity: Identity {
                access_key: None,
                account_id: None,
                caller: None,
                cognito_authentication_provider: None,
                cognito_authentication_type: None,
                cognito_identity_id: None,
                cognito_identity_pool_id: None,
                principal_org_id: None,
                source_ip: peer.ip().to_string(),
                user: None,
                user_agent: header("user-agent"),
                user_arn: None,
            },
            path,
            protocol: "HTTP/1.1",
            request_id: request_id.to_string(),
            request_time: request_time(now),
            request_time_epoch: now.unix_timestamp() * 1000 + i64::from(now.millisecond()),
            resource_id: "local",
            resource_path: found.resource,
            stage: &api.stage,
        },
        body,
        is_base64_encoded,
    })
}

/// Encodes a body: UTF-8 text as it is, anything else as base64, an empty body as null.
fn encode_body(body: &Bytes) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    match std::str::from_utf8(body) {
        Ok(text) => (Some(text.to_owned()), false),
        Err(_) => (Some(STANDARD.encode(body)), true),
    }
}

fn headers(headers: &HeaderMap) -> Multiple {
    let mut values = Multiple::new();
    for (name, value) in headers {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        values.entry(name.as_str().to_owned()).or_default().push(text);
    }
    values
}

fn query(query: &str) -> Multiple {
    let mut values = Multiple::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        values
            .entry(name.into_owned())
            .or_default()
            .push(value.into_owned());
    }
    values
}

fn last_values(multiple: &Multiple) -> Single {
    let last = |(name, values): (&String, &Vec<String>)| Some((name.clone(), values.last()?.clone()));
    multiple.iter().filter_map(last).collect()
}

/// Formats a time in CLF (Common Log Format): `09/Apr/2015:12:34:56 +0000`.
fn request_time(now: OffsetDateTime) -> String {
    let month = now.month().to_string();
    let (date, time) = (now.date(), now.time());
    let (hour, minute, second) = time.as_hms();
    // Every English month name has at least three letters.
    format!(
        "{:02}/{}/{:04}:{hour:02}:{minute:02}:{second:02} +0000",
        date.day(),
        &month[..3],
        date.year()
    )
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use serde_json::{Value, json};

    use super::*;

    fn event(request: Request<()>, body: &[u8]) -> Value {
        let api = ApiContext {
            account_id: "000000000000".to_owned(),
            api_id: "api".to_owned(),
            stage: "dev".to_owned(),
        };
        let found = Match {
            resource: "/orders/{id}",
            function: "f",
            parameters: BTreeMap::from([("id", "7".to_owned())]),
        };
        let (parts, ()) = request.into_parts();
        let body = Bytes::copy_from_slice(body);
        let peer = ([127, 0, 0, 1], 5000).into();
        let encoded = encode(&api, &parts, &body, &found, peer, Uuid::nil()).unwrap();
        serde_json::from_slice(&encoded).unwrap()
    }

    #[test]
    fn the_event_has_the_fields_of_version_1_0() {
        let request = Request::post("/orders/7?a=1&a=2&b=x%20y")
            .header("host", "127.0.0.1:8080")
            .header("user-agent", "curl")
            .header("x-two", "1")
            .header("x-two", "2")
            .body(())
            .unwrap();
        let mut event = event(request, b"{}");
        let context = event["requestContext"].as_object_mut().unwrap();
        assert!(
            context
                .remove("requestTime")
                .unwrap()
                .as_str()
                .unwrap()
                .ends_with(" +0000")
        );
        assert!(context.remove("requestTimeEpoch").unwrap().as_u64().unwrap() > 1_700_000_000_000);
        let identity = context.remove("identity").unwrap();
        assert_eq!(
            (&identity["sourceIp"], &identity["userAgent"]),
            (&json!("127.0.0.1"), &json!("curl"))
        );
        assert_eq!(
            event,
            json!({
                "resource": "/orders/{id}",
                "path": "/orders/7",
                "httpMethod": "POST",
                "headers": {"host": "127.0.0.1:8080", "user-agent": "curl", "x-two": "2"},
                "multiValueHeaders": {"host": ["127.0.0.1:8080"], "user-agent": ["curl"], "x-two": ["1", "2"]},
                "queryStringParameters": {"a": "2", "b": "x y"},
                "multiValueQueryStringParameters": {"a": ["1", "2"], "b": ["x y"]},
                "pathParameters": {"id": "7"},
                "stageVariables": null,
                "requestContext": {
                    "accountId": "000000000000",
                    "apiId": "api",
                    "domainName": "127.0.0.1:8080",
                    "domainPrefix": "127",
                    "extendedRequestId": "AAAAAAAAAAAAAAA=",
                    "httpMethod": "POST",
                    "path": "/orders/7",
                    "protocol": "HTTP/1.1",
                    "requestId": "00000000-0000-0000-0000-000000000000",
                    "resourceId": "local",
                    "resourcePath": "/orders/{id}",
                    "stage": "dev",
                },
                "body": "{}",
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn a_body_that_is_not_text_is_base64() {
        let event = event(Request::post("/").body(()).unwrap(), &[0xff, 0x00]);
        assert_eq!(
            (&event["body"], &event["isBase64Encoded"]),
            (&json!("/wA="), &json!(true))
        );
        assert_eq!(event["queryStringParameters"], Value::Null);
    }

    #[test]
    fn no_body_is_null() {
        assert_eq!(
            event(Request::get("/").body(()).unwrap(), b"")["body"],
            Value::Null
        );
    }
}
