//! Asking IAM before a call is performed, and each service's way of saying no.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderValue, Response, StatusCode};

use super::call::{Call, Service};
use super::json_error;
use crate::form::Form;
use crate::iam::action::{self, Needs};
use crate::iam::{Caller, Denial, Iam, Permission, Reason};
use crate::query;
use crate::services::Services;
use crate::sns::NAMESPACE;

/// Lets a call pass, or gives the answer that refuses it.
///
/// The statements of a `PartiQL` batch are refused alone: by their places in it. Source: DynamoDB API Reference,
/// `BatchStatementError`, whose codes include `AccessDenied`.
pub(super) fn authorize(
    services: &Services,
    call: &Call,
) -> Result<BTreeMap<usize, Denial>, Box<Response<Bytes>>> {
    let Some(caller) = call.principal.judged() else {
        return Ok(BTreeMap::new());
    };
    let (iam, region) = (services.iam(), services.sqs.region());
    let needs = match call.service {
        Service::DynamoDb => action::dynamodb(&call.operation, &call.body, region),
        Service::Sqs => action::sqs(&call.operation, &call.body, region),
        Service::Sns => action::sns(&call.operation, &Form::parse(&call.body), region),
        // `GetCallerIdentity` needs no permission. Source: AWS STS API Reference.
        Service::Sts => return Ok(BTreeMap::new()),
    };
    match needs {
        Needs::All(permissions) if !permissions.is_empty() => {
            for permission in &permissions {
                iam.authorize(&caller, permission)
                    .map_err(|denial| Box::new(refusal(call, &denial)))?;
            }
            Ok(BTreeMap::new())
        }
        Needs::EachStatement(statements) => Ok(statements
            .into_iter()
            .enumerate()
            .filter_map(|(at, permission)| {
                let judged = match permission {
                    Some(permission) => iam.authorize(&caller, &permission),
                    None => Err(not_understood(iam, &caller, call)),
                };
                Some((at, judged.err()?))
            })
            .collect()),
        Needs::All(_) | Needs::Unknown => Err(Box::new(refusal(call, &not_understood(iam, &caller, call)))),
    }
}

fn not_understood(iam: &Iam, caller: &Caller, call: &Call) -> Denial {
    let permission = Permission::new(format!("dynamodb:{}", call.operation), "*");
    iam.refuse(caller, permission, Reason::NotUnderstood)
}

fn refusal(call: &Call, denial: &Denial) -> Response<Bytes> {
    let action = denial.permission.action.as_str();
    match call.service {
        Service::Sqs => {
            let message = denial.message(&action.to_lowercase());
            let kind = "com.amazon.coral.service#AccessDeniedException";
            let mut response = json_error(StatusCode::FORBIDDEN, kind, &message);
            let code = HeaderValue::from_static("AccessDenied;Sender");
            response.headers_mut().insert("x-amzn-query-error", code);
            response
        }
        Service::Sns | Service::Sts => {
            let message = denial.message(&action.replacen("sns:", "SNS:", 1));
            query::failure(NAMESPACE, 403, "AuthorizationError", &message, &call.request_id)
        }
        Service::DynamoDb => {
            let kind = "com.amazon.coral.service#AccessDeniedException";
            json_error(StatusCode::BAD_REQUEST, kind, &denial.message(action))
        }
    }
}
