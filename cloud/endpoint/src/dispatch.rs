//! Having a call performed by its service.

use axum::body::Bytes;
use axum::http::Response;
use cloud_dynamodb::statement_error;
use cloud_iam::Denial;
use cloud_wire::Form;
use {cloud_sns as sns, cloud_sqs as sqs};

use crate::authorize::authorize;
use crate::backend::Backend;
use crate::bill::Bill;
use crate::call::{Call, Service};
use crate::sts;

/// Checks the permissions of a call and lets its service perform it.
pub(super) async fn dispatch(backend: &Backend, call: Call) -> Response<Bytes> {
    let refused = match authorize(backend, &call) {
        Ok(refused) => refused,
        Err(answer) => return *answer,
    };
    let bill = Bill::of(&call);
    let answer = match call.service {
        Service::DynamoDb if !refused.is_empty() => {
            let error = |denial: &Denial| statement_error("AccessDenied", &denial.to_string());
            let refused = refused.iter().map(|(at, denial)| (*at, error(denial))).collect();
            backend
                .dynamodb
                .call_but(&call.headers, &call.body, &refused)
                .await
        }
        Service::DynamoDb => backend.dynamodb.call(&call.headers, call.body).await,
        Service::Sqs => {
            let sender = sqs::Sender {
                id: call.principal.user_id(),
                trace_header: call.trace_header().map(str::to_owned),
            };
            sqs::protocol::respond(
                sqs::protocol::call(&backend.sqs, &call.operation, &call.body, sender).await,
            )
        }
        Service::Sns => {
            let form = Form::parse(&call.body);
            let arrived = sns::protocol::Arrived {
                principal: &call.principal,
                trace_header: call.trace_header(),
            };
            let outcome = sns::protocol::call_as(&backend.sns, &call.operation, &form, arrived).await;
            sns::protocol::respond(&call.operation, outcome, &call.request_id)
        }
        Service::Sts => sts::respond(&call),
    };
    bill.add(&backend.meter, &answer);
    answer
}
