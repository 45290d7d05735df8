//! Finds the service, the operation and the caller of an HTTP request.

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode, header};
use cloud_iam::{AccessKeys, Principal};
use cloud_sqs::query_protocol;
use cloud_wire::{Form, json, query};

use crate::call::{Call, Service};
use crate::credential_scope::CredentialScope;

/// The error answer to a request that cannot be routed.
type ErrorResponse = Box<Response<Bytes>>;

/// The services of this endpoint, for the error to a caller of another service.
const SERVED: &str = "This endpoint serves SQS, SNS, DynamoDB, S3 and STS.";

/// Finds the service by `X-Amz-Target` (JSON protocols), or by the action in the form (Query protocol).
pub(super) fn route(
    access_keys: &AccessKeys,
    parts: &Parts,
    body: Bytes,
    request_id: String,
) -> Result<Call, ErrorResponse> {
    let scope = CredentialScope::of(&parts.headers);
    let principal = scope.as_ref().map_or(Principal::Anonymous, |scope| {
        access_keys.principal(&scope.access_key)
    });
    let mut call = Call {
        request_id,
        principal,
        service: Service::Sqs,
        operation: String::new(),
        queue_query: false,
        headers: parts.headers.clone(),
        body,
    };
    if let Some(target) = parts.headers.get("x-amz-target") {
        (call.service, call.operation) = by_target(target.to_str().unwrap_or_default())?;
        return Ok(call);
    }
    call.body = with_query(parts, &call.body);
    let form = Form::parse(&call.body);
    let path = parts.uri.path();
    (call.service, call.operation) = by_form(scope.as_ref(), parts, &form, &call.request_id)?;
    if call.service == Service::Sqs {
        call.queue_query = true;
        call.body = query_protocol::to_json(&call.operation, &form, path);
    }
    Ok(call)
}

/// The parameters of a form: those of the URL and those of the body.
fn with_query(parts: &Parts, body: &Bytes) -> Bytes {
    match parts.uri.query() {
        // The body of a GET request is its query already.
        Some(query) if parts.method != Method::GET && !query.is_empty() => {
            let parameters = [query.as_bytes(), body];
            Bytes::from(parameters.join(&b'&'))
        }
        _ => body.clone(),
    }
}

fn by_target(target: &str) -> Result<(Service, String), ErrorResponse> {
    let (prefix, operation) = target.split_once('.').unwrap_or((target, ""));
    let service = match prefix {
        "AmazonSQS" => Service::Sqs,
        "DynamoDB_20120810" | "DynamoDBStreams_20120810" => Service::DynamoDb,
        _ => {
            let message = format!("No service here has the target {target}. {SERVED}");
            let kind = "com.amazon.coral.service#UnknownOperationException";
            return Err(Box::new(json::error(StatusCode::BAD_REQUEST, kind, &message)));
        }
    };
    Ok((service, operation.to_owned()))
}

/// Finds the service of a form. Callers of the Query protocol read errors in XML.
fn by_form(
    scope: Option<&CredentialScope>,
    parts: &Parts,
    form: &Form,
    request_id: &str,
) -> Result<(Service, String), ErrorResponse> {
    let action = form.get("Action").unwrap_or_default();
    let signed_for = scope.map(|scope| scope.service.as_str());
    let at_queue = query_protocol::is_queue_path(parts.uri.path());
    let invalid = |message: &str| {
        let answer = query::failure("", 400, "InvalidAction", message, request_id);
        Err(Box::new(answer))
    };
    let service = match (signed_for, form.get("Version")) {
        _ if action.is_empty() && at_queue => return Err(Box::new(query_protocol::no_action())),
        _ if action.is_empty() => return invalid(&format!("The request names no operation. {SERVED}")),
        (Some("sqs"), _) | (None, Some(query_protocol::VERSION)) => Service::Sqs,
        _ if at_queue => Service::Sqs,
        (Some("sts"), _) | (_, Some("2011-06-15")) => Service::Sts,
        // A link from a confirmation email has neither.
        (Some("sns"), _) | (_, Some("2010-03-31")) | (None, None) => Service::Sns,
        _ => return invalid(&format!("No service here has the action {action}. {SERVED}")),
    };
    if at_queue && !query_protocol::is_for_a_queue(action) {
        let answer = query_protocol::invalid_action(action);
        let format = query_protocol::Format::of(parts.headers.get(header::ACCEPT));
        let answer = query_protocol::from_json(action, answer, request_id, format);
        return Err(Box::new(answer));
    }
    Ok((service, action.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(headers: &[(&str, &str)], body: &'static str) -> Result<(Service, String), StatusCode> {
        let mut request = axum::http::Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        route(&AccessKeys::default(), &parts, Bytes::from(body), "id".to_owned())
            .map(|call| (call.service, call.operation))
            .map_err(|response| response.status())
    }

    #[test]
    fn a_target_or_an_action_finds_its_service() {
        let scope = |service: &str| format!("AWS4-HMAC-SHA256 Credential=k/d/r/{service}/aws4_request, x");
        let found = |service, operation: &str| Ok((service, operation.to_owned()));
        assert_eq!(
            of(&[("x-amz-target", "AmazonSQS.SendMessage")], ""),
            found(Service::Sqs, "SendMessage")
        );
        let target = [("x-amz-target", "DynamoDB_20120810.PutItem")];
        assert_eq!(of(&target, ""), found(Service::DynamoDb, "PutItem"));
        assert_eq!(
            of(&[("authorization", &scope("sns"))], "Action=Publish"),
            found(Service::Sns, "Publish")
        );
        let form = "Action=GetCallerIdentity&Version=2011-06-15";
        assert_eq!(of(&[], form), found(Service::Sts, "GetCallerIdentity"));
        assert_eq!(
            of(&[], "Action=ConfirmSubscription&Token=t"),
            found(Service::Sns, "ConfirmSubscription")
        );
        assert_eq!(
            of(&[("x-amz-target", "AWSLambda.Invoke")], ""),
            Err(StatusCode::BAD_REQUEST)
        );
        assert_eq!(
            of(&[("authorization", &scope("sqs"))], "Action=SendMessage"),
            found(Service::Sqs, "SendMessage")
        );
        assert_eq!(
            of(&[], "Action=ListQueues&Version=2012-11-05"),
            found(Service::Sqs, "ListQueues")
        );
        assert_eq!(
            of(
                &[("authorization", &scope("cloudformation"))],
                "Action=DescribeStacks&Version=2010-05-15"
            ),
            Err(StatusCode::BAD_REQUEST)
        );
        assert_eq!(of(&[], ""), Err(StatusCode::BAD_REQUEST));
    }

    /// `aws cloudformation describe-stacks` reads the sentence, because the error is in its own protocol.
    #[test]
    fn an_error_answers_in_the_callers_protocol_and_names_what_is_served() {
        let refused = |path: &str, headers: &[(&str, &str)], body: &'static str| {
            let mut request = axum::http::Request::post(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let (parts, ()) = request.body(()).unwrap().into_parts();
            let answer =
                route(&AccessKeys::default(), &parts, Bytes::from(body), "id".to_owned()).unwrap_err();
            (
                answer.status(),
                String::from_utf8(answer.body().to_vec()).unwrap(),
            )
        };
        let (status, xml) = refused("/", &[], "Action=DescribeStacks&Version=2010-05-15");
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(xml.contains("<Code>InvalidAction</Code>"), "{xml}");
        assert!(xml.contains("serves SQS, SNS, DynamoDB, S3 and STS"), "{xml}");
        let (_, json) = refused("/", &[("x-amz-target", "AWSLambda.Invoke")], "{}");
        assert!(json.contains("serves SQS, SNS, DynamoDB, S3 and STS"), "{json}");
        let (status, xml) = refused("/000000000000/q", &[], "");
        assert_eq!(
            (status, xml.as_str()),
            (StatusCode::NOT_FOUND, "<UnknownOperationException/>")
        );
        let (_, xml) = refused("/000000000000/q", &[], "Action=ListQueues");
        assert!(
            xml.contains("<Message>The action ListQueues is not valid for this endpoint.</Message>"),
            "{xml}"
        );
    }

    #[test]
    fn a_request_to_a_queues_own_path_is_for_that_queue() {
        let request = axum::http::Request::post("/000000000000/orders?Action=PurgeQueue");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let call = route(&AccessKeys::default(), &parts, Bytes::new(), "id".to_owned()).unwrap();
        assert!(call.queue_query);
        assert_eq!(
            (call.service, call.operation.as_str()),
            (Service::Sqs, "PurgeQueue")
        );
        let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!(body["QueueUrl"], "/000000000000/orders");
    }
}
