//! STS: `GetCallerIdentity`.

use axum::body::Bytes;
use axum::http::Response;
use cloud_wire::{ACCOUNT, Xml, query};

use crate::call::Call;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

pub(super) fn respond(call: &Call) -> Response<Bytes> {
    if call.operation != "GetCallerIdentity" {
        let message = format!("The action {} is not valid for this endpoint.", call.operation);
        return query::failure(NAMESPACE, 400, "InvalidAction", &message, &call.request_id);
    }
    let mut result = Xml::default();
    result
        .text("Arn", &call.principal.arn())
        .text("UserId", &call.principal.user_id())
        .text("Account", ACCOUNT);
    query::success(NAMESPACE, &call.operation, &result, &call.request_id)
}
