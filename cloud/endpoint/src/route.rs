//! Finds the service, the operation and the caller of an HTTP request.

use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use cloud_iam::{AccessKeys, Principal};
use cloud_wire::{Form, json};

use crate::call::{Call, Service};
use crate::credential_scope::CredentialScope;

/// The error answer to a request that cannot be routed.
type ErrorResponse = Box<Response<Bytes>>;

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
    let (service, operation) = match parts.headers.get("x-amz-target") {
        Some(target) => by_target(target.to_str().unwrap_or_default())?,
        None => by_form(scope.as_ref(), &Form::parse(&body))?,
    };
    Ok(Call {
        request_id,
        principal,
        service,
        operation,
        headers: parts.headers.clone(),
        body,
    })
}

fn by_target(target: &str) -> Result<(Service, String), ErrorResponse> {
    let (prefix, operation) = target.split_once('.').unwrap_or((target, ""));
    let service = match prefix {
        "AmazonSQS" => Service::Sqs,
        "DynamoDB_20120810" | "DynamoDBStreams_20120810" => Service::DynamoDb,
        _ => {
            return Err(unknown_operation(&format!(
                "No service here has the target {target}."
            )));
        }
    };
    Ok((service, operation.to_owned()))
}

fn by_form(scope: Option<&CredentialScope>, form: &Form) -> Result<(Service, String), ErrorResponse> {
    let action = form.get("Action").unwrap_or_default();
    let service = match (scope.map(|scope| scope.service.as_str()), form.get("Version")) {
        _ if action.is_empty() => return Err(unknown_operation("The request names no operation.")),
        (Some("sts"), _) | (_, Some("2011-06-15")) => Service::Sts,
        // A link from a confirmation email has neither.
        (Some("sns"), _) | (_, Some("2010-03-31")) | (None, None) => Service::Sns,
        _ => {
            return Err(unknown_operation(&format!(
                "No service here has the action {action}."
            )));
        }
    };
    Ok((service, action.to_owned()))
}

fn unknown_operation(message: &str) -> ErrorResponse {
    Box::new(json::error(
        StatusCode::BAD_REQUEST,
        "com.amazon.coral.service#UnknownOperationException",
        message,
    ))
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
            Err(StatusCode::BAD_REQUEST)
        );
        assert_eq!(of(&[], ""), Err(StatusCode::BAD_REQUEST));
    }
}
