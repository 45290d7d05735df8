//! Checks IAM before a call is performed, and builds each service's access-denied answer.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderValue, Response, StatusCode};
use cloud_iam::{Caller, Denial, Iam, Needs, Permission, Reason};
use cloud_sns::protocol::NAMESPACE;
use cloud_wire::{Form, json, query};

use crate::backend::Backend;
use crate::call::{Call, Service};

/// Checks the permissions of a call. Returns an answer if the call is denied.
///
/// In a `PartiQL` batch, each statement is allowed or denied alone: the result maps the index of a denied
/// statement to its denial. Source: DynamoDB API Reference, `BatchStatementError`, whose codes include
/// `AccessDenied`.
pub(super) fn authorize(
    backend: &Backend,
    call: &Call,
) -> Result<BTreeMap<usize, Denial>, Box<Response<Bytes>>> {
    let Some(caller) = call.principal.restricted_caller() else {
        return Ok(BTreeMap::new());
    };
    let (iam, region) = (backend.iam(), backend.sqs.region());
    let needs = match call.service {
        Service::DynamoDb => cloud_dynamodb::permissions::permissions(&call.operation, &call.body, region),
        Service::Sqs => cloud_sqs::permissions::permissions(&call.operation, &call.body, region),
        Service::Sns => {
            cloud_sns::permissions::permissions(&call.operation, &Form::parse(&call.body), region)
        }
        // `GetCallerIdentity` needs no permission. Source: AWS STS API Reference.
        Service::Sts => return Ok(BTreeMap::new()),
    };
    match needs {
        Needs::All(permissions) if !permissions.is_empty() => {
            for permission in &permissions {
                iam.authorize(&caller, permission)
                    .map_err(|denial| Box::new(deny(call, &denial)))?;
            }
            Ok(BTreeMap::new())
        }
        Needs::EachStatement(statements) => Ok(statements
            .into_iter()
            .enumerate()
            .filter_map(|(at, permission)| {
                let judged = match permission {
                    Some(permission) => iam.authorize(&caller, &permission),
                    None => Err(refuse_unknown(iam, &caller, call)),
                };
                Some((at, judged.err()?))
            })
            .collect()),
        Needs::All(_) | Needs::Unknown => Err(Box::new(deny(call, &refuse_unknown(iam, &caller, call)))),
    }
}

fn refuse_unknown(iam: &Iam, caller: &Caller, call: &Call) -> Denial {
    let permission = Permission::new(format!("dynamodb:{}", call.operation), "*");
    iam.refuse(caller, permission, Reason::NotUnderstood)
}

fn deny(call: &Call, denial: &Denial) -> Response<Bytes> {
    let action = denial.permission.action.as_str();
    match call.service {
        Service::Sqs => {
            let message = denial.message(&action.to_lowercase());
            let kind = "com.amazon.coral.service#AccessDeniedException";
            let mut response = json::error(StatusCode::FORBIDDEN, kind, &message);
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
            json::error(StatusCode::BAD_REQUEST, kind, &denial.message(action))
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use cloud_iam::Principal;

    use super::*;

    /// Returns the status, the error header and the body of an access-denied answer.
    fn refused(service: Service, action: &str, resource: &str) -> String {
        let call = Call {
            request_id: "id".to_owned(),
            principal: Principal::Anonymous,
            service,
            operation: String::new(),
            queue_query: false,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        let denial = Denial {
            caller: Caller::Role {
                role: "r".to_owned(),
                session: "f".to_owned(),
            },
            permission: Permission::new(action, resource),
            reason: Reason::NoIdentityPolicy,
        };
        let response = deny(&call, &denial);
        let code = response.headers().get("x-amzn-query-error");
        let code = code.map_or("", |code| code.to_str().unwrap());
        let body = String::from_utf8(response.body().to_vec()).unwrap();
        format!("{} {code}\n{body}", response.status().as_u16())
    }

    #[test]
    fn each_service_denies_access_in_its_own_form() {
        let sqs = refused(Service::Sqs, "sqs:SendMessage", "arn:q");
        assert!(sqs.starts_with("403 AccessDenied;Sender\n"), "{sqs}");
        assert!(
            sqs.contains("com.amazon.coral.service#AccessDeniedException"),
            "{sqs}"
        );
        assert!(
            sqs.contains("perform: sqs:sendmessage on resource: arn:q because"),
            "{sqs}"
        );
        let sns = refused(Service::Sns, "sns:Publish", "arn:t");
        assert!(sns.starts_with("403 \n"), "{sns}");
        assert!(sns.contains("<Code>AuthorizationError</Code>"), "{sns}");
        assert!(
            sns.contains("perform: SNS:Publish on resource: arn:t because"),
            "{sns}"
        );
        let dynamodb = refused(Service::DynamoDb, "dynamodb:PutItem", "arn:d");
        assert!(dynamodb.starts_with("400 \n"), "{dynamodb}");
        assert!(
            dynamodb.contains("com.amazon.coral.service#AccessDeniedException"),
            "{dynamodb}"
        );
        assert!(
            dynamodb.contains(
                "User: arn:aws:sts::000000000000:assumed-role/r/f is not authorized to perform: dynamodb:PutItem on \
                 resource: arn:d because no identity-based policy allows the dynamodb:PutItem action"
            ),
            "{dynamodb}"
        );
    }
}
