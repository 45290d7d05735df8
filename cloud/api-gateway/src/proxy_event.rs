//! Encodes a request as API Gateway's proxy event, version 1.0.
//!
//! Source: the API Gateway Developer Guide, "Input format of a Lambda function for proxy integration".

use std::collections::BTreeMap;

use axum::http::header;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::api_key::ApiKey;
use crate::event_headers::{Arrival, EventHeaders};
use crate::multiple::{Multiple, last_values};
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

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct Received<'r> {
    pub(crate) parts: &'r Parts,
    pub(crate) headers: &'r EventHeaders,
    pub(crate) body: &'r Bytes,
    /// Whether the media type of the body is one of the API's binary ones.
    pub(crate) is_binary: bool,
    pub(crate) arrival: Arrival,
    /// The key of the request, if the method requires one.
    pub(crate) api_key: Option<&'r ApiKey>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProxyEvent<'r> {
    resource: &'r str,
    path: &'r str,
    http_method: &'r str,
    headers: BTreeMap<&'r str, &'r str>,
    multi_value_headers: &'r Multiple,
    query_string_parameters: Option<BTreeMap<&'r str, &'r str>>,
    multi_value_query_string_parameters: Option<&'r Multiple>,
    path_parameters: Option<&'r BTreeMap<&'r str, String>>,
    stage_variables: Option<Multiple>,
    request_context: RequestContext<'r>,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'r> {
    account_id: &'r str,
    api_id: &'r str,
    deployment_id: &'static str,
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

/// The identity of the caller. It has nothing but the API key, where one is needed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'r> {
    access_key: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key_id: Option<&'r str>,
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
    received: &Received<'_>,
    found: &Match<'_>,
) -> Result<Vec<u8>, serde_json::Error> {
    let Received {
        parts,
        headers,
        arrival,
        ..
    } = received;
    let path = parts.uri.path();
    let method = parts.method.as_str();
    let query = query(parts.uri.query().unwrap_or_default());
    let now = OffsetDateTime::now_utc();
    let domain_name = headers.last(&header::HOST).unwrap_or("localhost");
    serde_json::to_vec(&ProxyEvent {
        resource: found.resource,
        path,
        http_method: method,
        headers: headers.last_values(),
        multi_value_headers: headers.all_values(),
        query_string_parameters: (!query.is_empty()).then(|| last_values(&query)),
        multi_value_query_string_parameters: (!query.is_empty()).then_some(&query),
        path_parameters: (!found.parameters.is_empty()).then_some(&found.parameters),
        stage_variables: None,
        request_context: RequestContext {
            account_id: &api.account_id,
            api_id: &api.api_id,
            deployment_id: "local",
            domain_name,
            domain_prefix: domain_name.split(['.', ':']).next().unwrap_or_default(),
            extended_request_id: extended_request_id(arrival.request_id),
            http_method: method,
            identity: Identity {
                access_key: None,
                api_key: received.api_key.map(|key| key.value.as_str()),
                api_key_id: received.api_key.map(|key| key.id.as_str()),
                account_id: None,
                caller: None,
                cognito_authentication_provider: None,
                cognito_authentication_type: None,
                cognito_identity_id: None,
                cognito_identity_pool_id: None,
                principal_org_id: None,
                source_ip: arrival.client.to_string(),
                user: None,
                user_agent: headers.last(&header::USER_AGENT),
                user_arn: None,
            },
            path,
            protocol: "HTTP/1.1",
            request_id: arrival.request_id.to_string(),
            request_time: request_time(now),
            request_time_epoch: now.unix_timestamp() * 1000 + i64::from(now.millisecond()),
            resource_id: "local",
            resource_path: found.resource,
            stage: &api.stage,
        },
        body: encode_body(received.body, received.is_binary),
        is_base64_encoded: received.is_binary && !received.body.is_empty(),
    })
}

/// The second id of a request, which answers have in the header `x-amz-apigw-id`.
pub(crate) fn extended_request_id(request_id: Uuid) -> String {
    STANDARD.encode(&request_id.as_bytes()[..11])
}

/// Encodes a body: text as it is, binary data as base64, an empty body as null.
///
/// Bytes of a text that are not UTF-8 become replacement characters, as on AWS: a body of no binary media type is text.
fn encode_body(body: &Bytes, is_binary: bool) -> Option<String> {
    match (body.is_empty(), is_binary) {
        (true, _) => None,
        (false, true) => Some(STANDARD.encode(body)),
        (false, false) => Some(String::from_utf8_lossy(body).into_owned()),
    }
}

/// Decodes the parameters of a query. A semicolon separates them as well ("Amazon API Gateway important notes for REST APIs").
fn query(query: &str) -> Multiple {
    let mut values = Multiple::new();
    for (name, value) in query
        .split(';')
        .flat_map(|part| form_urlencoded::parse(part.as_bytes()))
    {
        values
            .entry(name.into_owned())
            .or_default()
            .push(value.into_owned());
    }
    values
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
    use crate::routes::Integration;

    const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

    fn event(request: Request<()>, body: &[u8], is_binary: bool) -> Value {
        let api = ApiContext {
            account_id: "000000000000".to_owned(),
            api_id: "api".to_owned(),
            stage: "dev".to_owned(),
        };
        let integration = Integration::Function("f".to_owned());
        let found = Match {
            requires_api_key: false,
            resource: "/orders/{id}",
            method: "ANY",
            integration: &integration,
            parameters: BTreeMap::from([("id", "7".to_owned())]),
        };
        let (parts, ()) = request.into_parts();
        let arrival = Arrival {
            client: [127, 0, 0, 1].into(),
            port: 8080,
            request_id: Uuid::nil(),
        };
        let sent = parts.headers.iter();
        let sent = sent.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        let received = Received {
            parts: &parts,
            headers: &EventHeaders::new(sent.collect(), arrival),
            body: &Bytes::copy_from_slice(body),
            is_binary,
            arrival,
            api_key: None,
        };
        serde_json::from_slice(&encode(&api, &received, &found).unwrap()).unwrap()
    }

    #[test]
    fn the_event_has_the_fields_of_version_1_0() {
        let request = Request::post("/orders/7?a=1&a=2&b=x%20y")
            .header("host", "127.0.0.1:8080")
            .header("user-agent", "curl")
            .header("x-two", "1")
            .header("x-two", "2")
            .header("x-amzn-trace-id", TRACE)
            .body(())
            .unwrap();
        let mut event = event(request, b"{}", false);
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
                "headers": {
                    "User-Agent": "curl",
                    "X-Amzn-Trace-Id": TRACE,
                    "X-Forwarded-For": "127.0.0.1",
                    "X-Forwarded-Port": "8080",
                    "X-Forwarded-Proto": "http",
                    "host": "127.0.0.1:8080",
                    "x-two": "2",
                },
                "multiValueHeaders": {
                    "User-Agent": ["curl"],
                    "X-Amzn-Trace-Id": [TRACE],
                    "X-Forwarded-For": ["127.0.0.1"],
                    "X-Forwarded-Port": ["8080"],
                    "X-Forwarded-Proto": ["http"],
                    "host": ["127.0.0.1:8080"],
                    "x-two": ["1", "2"],
                },
                "queryStringParameters": {"a": "2", "b": "x y"},
                "multiValueQueryStringParameters": {"a": ["1", "2"], "b": ["x y"]},
                "pathParameters": {"id": "7"},
                "stageVariables": null,
                "requestContext": {
                    "accountId": "000000000000",
                    "apiId": "api",
                    "deploymentId": "local",
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
    fn only_a_binary_media_type_is_base64() {
        let event = |is_binary| event(Request::post("/").body(()).unwrap(), &[b'a', 0xff], is_binary);
        let body = |event: &Value| (event["body"].clone(), event["isBase64Encoded"].clone());
        assert_eq!(body(&event(true)), (json!("Yf8="), json!(true)));
        assert_eq!(body(&event(false)), (json!("a\u{fffd}"), json!(false)));
    }

    #[test]
    fn an_absent_body_and_an_absent_query_are_null() {
        for is_binary in [true, false] {
            let event = event(Request::get("/").body(()).unwrap(), b"", is_binary);
            assert_eq!(
                (&event["body"], &event["isBase64Encoded"]),
                (&Value::Null, &json!(false))
            );
            assert_eq!(event["queryStringParameters"], Value::Null);
            assert_eq!(event["multiValueQueryStringParameters"], Value::Null);
        }
    }

    /// As recorded on AWS, and the semicolon as documented.
    #[test]
    fn a_query_is_decoded() {
        let query =
            "dateTimeOffset=2023-06-12T18:05:10.123456+00:00&email=test%2Balias@gmail.com&a=1;a=2;flag";
        let event = event(Request::get(format!("/?{query}")).body(()).unwrap(), b"", false);
        assert_eq!(
            event["multiValueQueryStringParameters"],
            json!({
                "a": ["1", "2"],
                "dateTimeOffset": ["2023-06-12T18:05:10.123456 00:00"],
                "email": ["test+alias@gmail.com"],
                "flag": [""],
            })
        );
        assert_eq!(event["queryStringParameters"]["a"], "2");
    }
}
