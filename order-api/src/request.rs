//! A request as API Gateway sends it to Lambda: the REST proxy event, version 1.0.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

use std::collections::BTreeMap;

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use aws_lambda_events::http::{HeaderMap, HeaderValue, Method};
use order_core::Trace;
use order_core::id::Caller;
use serde_json::Value;

/// A decoded request.
#[derive(Debug)]
pub(crate) struct Request(ApiGatewayProxyRequest);

/// The gateway's request id. It is read before the event is decoded, so that the answer to an event that cannot be decoded has
/// it too.
pub(crate) fn request_id(event: &Value) -> Option<String> {
    event
        .pointer("/requestContext/requestId")
        .and_then(Value::as_str)
        .map(str::to_owned)
}

impl Request {
    /// Decodes the event. `None` if it is not a proxy event. The reason is dropped, because serde's errors quote values.
    pub(crate) fn decode(event: Value) -> Option<Self> {
        serde_json::from_value(event).ok().map(Self)
    }

    /// The HTTP method.
    pub(crate) fn method(&self) -> &Method {
        &self.0.http_method
    }

    /// The path without the stage. (`resource` is only the pattern with which the gateway routed the request.)
    pub(crate) fn path(&self) -> &str {
        self.0.path.as_deref().unwrap_or("/")
    }

    /// The path as the client sent it, with the stage and without a trailing slash. Links start with it.
    pub(crate) fn public_path(&self) -> &str {
        self.0
            .request_context
            .path
            .as_deref()
            .unwrap_or(self.path())
            .trim_end_matches('/')
    }

    /// Every value of the header.
    pub(crate) fn header(&self, name: &str) -> Vec<&HeaderValue> {
        let holds = |headers: &HeaderMap| headers.contains_key(name);
        // `headers` holds only the last value of each header.
        let headers = if holds(&self.0.multi_value_headers) {
            &self.0.multi_value_headers
        } else {
            &self.0.headers
        };
        headers.get_all(name).iter().collect()
    }

    /// Every query parameter with all its values, decoded, by name.
    pub(crate) fn query(&self) -> BTreeMap<&str, Vec<&str>> {
        // `queryStringParameters` holds only the last value of each parameter.
        let query = if self.0.multi_value_query_string_parameters.is_empty() {
            &self.0.query_string_parameters
        } else {
            &self.0.multi_value_query_string_parameters
        };
        let mut parameters: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, value) in query.iter() {
            parameters.entry(name).or_default().push(value);
        }
        parameters
    }

    /// The gateway's request id.
    pub(crate) fn id(&self) -> Option<&str> {
        self.0.request_context.request_id.as_deref()
    }

    /// The caller, as the gateway authenticated it.
    pub(crate) fn caller(&self) -> Caller {
        let identity = &self.0.request_context.identity;
        let present = |text: &'_ Option<String>| text.clone().filter(|text| !text.is_empty());
        match (present(&identity.caller), present(&identity.api_key_id)) {
            (Some(caller), _) => Caller::iam(&caller),
            (None, Some(key)) => Caller::ApiKey(key),
            (None, None) => Caller::Anonymous,
        }
    }

    /// The trace: the client's own (`traceparent`), or else the gateway's, which every request has on AWS. A header that is malformed
    /// or was sent twice does not count.
    pub(crate) fn trace(&self) -> Option<Trace> {
        let only = |name| match self.header(name).as_slice() {
            [value] => value.to_str().ok(),
            _ => None,
        };
        only("traceparent")
            .and_then(Trace::from_traceparent)
            .or_else(|| only("x-amzn-trace-id").and_then(Trace::from_xray))
    }

    /// The body as it arrived; see [`is_base64_encoded`](Self::is_base64_encoded).
    pub(crate) fn body(&self) -> &str {
        self.0.body.as_deref().unwrap_or_default()
    }

    /// Whether the gateway encoded the body in base64.
    pub(crate) fn is_base64_encoded(&self) -> bool {
        self.0.is_base64_encoded
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(mut changes: Value) -> Request {
        let mut event: Value =
            serde_json::from_str(include_str!("../../events/order-api-post.json")).unwrap();
        for (pointer, value) in changes.as_object_mut().unwrap() {
            *event.pointer_mut(pointer).unwrap() = value.take();
        }
        Request::decode(event).unwrap()
    }

    #[test]
    fn callers_are_distinguished() {
        let identity = "/requestContext/identity";
        assert_eq!(
            request(json!({})).caller(),
            Caller::Iam("AROAEXAMPLEEXAMPLE00".into())
        );
        assert_eq!(
            request(json!({ identity: {"apiKeyId": "k1", "caller": null} })).caller(),
            Caller::ApiKey("k1".into())
        );
        assert_eq!(
            request(json!({ identity: {"caller": ""} })).caller(),
            Caller::Anonymous
        );
    }

    #[test]
    fn headers_are_found_in_any_case_and_in_either_form() {
        assert_eq!(request(json!({})).header("idempotency-key"), ["\"checkout-42\""]);
        assert_eq!(
            request(json!({ "/multiValueHeaders": null })).header("idempotency-key"),
            ["\"checkout-42\""]
        );
        let twice = request(json!({ "/multiValueHeaders": {"IDEMPOTENCY-KEY": ["a", "b"]} }));
        assert_eq!(twice.header("idempotency-key"), ["a", "b"]);
    }

    #[test]
    fn a_trace_is_the_clients_or_the_gateways() {
        let gateway = "Root=1-67891233-abcdef012345678912345678";
        let client = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let trace = |headers: Value| {
            let headers = json!({"/multiValueHeaders": headers, "/headers": {}});
            request(headers).trace().map(Trace::id)
        };
        let of_gateway = Some("67891233abcdef012345678912345678".to_owned());
        let of_client = Some("0af7651916cd43dd8448eb211c80319c".to_owned());
        assert_eq!(trace(json!({})), None);
        assert_eq!(trace(json!({"X-Amzn-Trace-Id": [gateway]})), of_gateway);
        assert_eq!(
            trace(json!({"X-Amzn-Trace-Id": [gateway], "traceparent": [client]})),
            of_client
        );
        for malformed in [json!(["none"]), json!([client, client]), json!(["\u{e9}"])] {
            assert_eq!(
                trace(json!({"X-Amzn-Trace-Id": [gateway], "traceparent": malformed})),
                of_gateway
            );
        }
    }

    #[test]
    fn another_event_is_refused() {
        for event in [
            json!(null),
            json!({}),
            json!({"Records": []}),
            json!({"httpMethod": "G E T", "requestContext": {}}),
        ] {
            assert!(Request::decode(event).is_none());
        }
    }
}
