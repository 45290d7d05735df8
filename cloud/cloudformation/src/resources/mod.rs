//! The typed resources, one file for each.

pub(crate) mod alarm;
pub(crate) mod api;
pub(crate) mod api_key;
pub(crate) mod asynchronous;
pub(crate) mod bucket;
pub(crate) mod bucket_event;
pub(crate) mod event_source_mapping;
pub(crate) mod function;
pub(crate) mod gateway_response;
pub(crate) mod lambda_permission;
pub(crate) mod method_throttle;
pub(crate) mod metric_filter;
pub(crate) mod mock_integration;
pub(crate) mod notification;
pub(crate) mod openapi;
pub(crate) mod policies;
pub(crate) mod queue;
pub(crate) mod role;
pub(crate) mod route;
pub(crate) mod subscription;
pub(crate) mod table;
pub(crate) mod topic;

/// Returns the last part of an ARN or of a queue URL: the name of the resource.
pub(crate) fn name_of(arn_or_url: &str) -> &str {
    arn_or_url.rsplit([':', '/']).next().unwrap_or(arn_or_url)
}
