//! Who sent a request, and the trace that it belongs to.

use order_core::Trace;
use order_core::id::Caller;
use rest_function::Request;

/// The caller, as the gateway authenticated it.
pub(crate) fn caller(request: &Request) -> Caller {
    match (request.iam_caller(), request.api_key_id()) {
        (Some(caller), _) => Caller::iam(caller),
        (None, Some(key)) => Caller::ApiKey(key.to_owned()),
        (None, None) => Caller::Anonymous,
    }
}

/// The trace: the client's own (`traceparent`), or else the gateway's, which every request has on AWS. A header that is malformed
/// or was sent twice does not count.
pub(crate) fn trace(request: &Request) -> Option<Trace> {
    let only = |name| match request.header(name).as_slice() {
        [value] => value.to_str().ok(),
        _ => None,
    };
    only("traceparent")
        .and_then(Trace::from_traceparent)
        .or_else(|| only("x-amzn-trace-id").and_then(Trace::from_xray))
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
    fn callers_are_distinguished() {
        let identity = "/requestContext/identity";
        assert_eq!(
            caller(&request(json!({}))),
            Caller::Iam("AROAEXAMPLEEXAMPLE00".into())
        );
        assert_eq!(
            caller(&request(json!({ identity: {"apiKeyId": "k1", "caller": null} }))),
            Caller::ApiKey("k1".into())
        );
        assert_eq!(
            caller(&request(json!({ identity: {"caller": ""} }))),
            Caller::Anonymous
        );
    }

    #[test]
    fn a_trace_is_the_clients_or_the_gateways() {
        let gateway = "Root=1-67891233-abcdef012345678912345678";
        let client = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let trace = |headers: Value| {
            let headers = json!({"/multiValueHeaders": headers, "/headers": {}});
            trace(&request(headers)).map(Trace::id)
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
}
