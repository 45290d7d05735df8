//! A request as API Gateway sends it to Lambda: the REST proxy event, version 1.0.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

use std::collections::BTreeMap;

use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use aws_lambda_events::http::{HeaderMap, HeaderValue, Method};
use serde::Deserialize;

/// A decoded request.
#[derive(Debug)]
pub struct Request(ApiGatewayProxyRequest);

/// The ids of a request. They are read before the event is decoded, so that the answer to an event that cannot be decoded has one too.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RequestIds {
    /// The gateway's request id.
    pub request_id: Option<String>,
    /// The id that API Gateway itself gives a request. A client can choose the other one, by the header `X-Amzn-RequestId`.
    pub extended_request_id: Option<String>,
}

impl RequestIds {
    /// The ids in an event, as far as it has them.
    #[must_use]
    pub fn of(event: &str) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Event {
            request_context: RequestIds,
        }
        serde_json::from_str(event)
            .map(|event: Event| event.request_context)
            .unwrap_or_default()
    }
}

impl Request {
    /// Decodes the event. `None` if it is not a proxy event. The reason is dropped, because serde's errors quote values.
    #[must_use]
    pub fn decode(event: &str) -> Option<Self> {
        serde_json::from_str(event).ok().map(Self)
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.0.http_method
    }

    /// The path without the stage. (`resource` is only the pattern with which the gateway routed the request.)
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.path.as_deref().unwrap_or("/")
    }

    /// The path as the client sent it, with the stage and without a trailing slash. Links start with it.
    #[must_use]
    pub fn public_path(&self) -> &str {
        self.0
            .request_context
            .path
            .as_deref()
            .unwrap_or(self.path())
            .trim_end_matches('/')
    }

    /// Every value of the header.
    #[must_use]
    pub fn header(&self, name: &str) -> Vec<&HeaderValue> {
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
    #[must_use]
    pub fn query(&self) -> BTreeMap<&str, Vec<&str>> {
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
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.0.request_context.request_id.as_deref()
    }

    /// The caller that the gateway authenticated by IAM, if there is one.
    #[must_use]
    pub fn iam_caller(&self) -> Option<&str> {
        let caller = self.0.request_context.identity.caller.as_deref();
        caller.filter(|caller| !caller.is_empty())
    }

    /// The id of the API key that the gateway accepted, if there is one.
    #[must_use]
    pub fn api_key_id(&self) -> Option<&str> {
        let key = self.0.request_context.identity.api_key_id.as_deref();
        key.filter(|key| !key.is_empty())
    }

    /// The body as it arrived; see [`is_base64_encoded`](Self::is_base64_encoded).
    #[must_use]
    pub fn body(&self) -> &str {
        self.0.body.as_deref().unwrap_or_default()
    }

    /// Whether the gateway encoded the body in base64.
    #[must_use]
    pub fn is_base64_encoded(&self) -> bool {
        self.0.is_base64_encoded
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(mut changes: Value) -> Request {
        let mut event: Value =
            serde_json::from_str(include_str!("../../events/order-api-post.json")).unwrap();
        for (pointer, value) in changes.as_object_mut().unwrap() {
            *event.pointer_mut(pointer).unwrap() = value.take();
        }
        Request::decode(&event.to_string()).unwrap()
    }

    #[test]
    fn an_empty_identity_is_none() {
        let identity = "/requestContext/identity";
        let of_key = request(json!({ identity: {"apiKeyId": "k1", "caller": null} }));
        assert_eq!((of_key.iam_caller(), of_key.api_key_id()), (None, Some("k1")));
        let nobody = request(json!({ identity: {"apiKeyId": "", "caller": ""} }));
        assert_eq!((nobody.iam_caller(), nobody.api_key_id()), (None, None));
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
    fn another_event_is_refused() {
        for event in [
            json!(null),
            json!({}),
            json!({"Records": []}),
            json!({"httpMethod": "G E T", "requestContext": {}}),
        ] {
            assert!(Request::decode(&event.to_string()).is_none());
        }
        assert!(Request::decode("ada@example.com").is_none());
    }

    #[test]
    fn the_ids_of_another_event_are_read_where_it_has_them() {
        let ids = |event: Value| {
            let ids = RequestIds::of(&event.to_string());
            (ids.request_id, ids.extended_request_id)
        };
        let both =
            json!({"requestContext": {"requestId": "r", "extendedRequestId": "x", "stage": "s"}, "more": 1});
        assert_eq!(ids(both), (Some("r".to_owned()), Some("x".to_owned())));
        for event in [
            json!([]),
            json!({}),
            json!({"requestContext": {}}),
            json!({"requestContext": {"requestId": 7}}),
        ] {
            assert_eq!(ids(event), (None, None));
        }
    }
}
