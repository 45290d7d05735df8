//! The typed resources, one file each.

pub(crate) mod api;
pub(crate) mod event_source_mapping;
pub(crate) mod function;
pub(crate) mod openapi;
pub(crate) mod policies;
pub(crate) mod queue;
pub(crate) mod role;
pub(crate) mod route;
pub(crate) mod subscription;
pub(crate) mod table;
pub(crate) mod topic;

/// The last part of an ARN or of a queue's URL: the resource's own name.
pub(crate) fn name_of(arn_or_url: &str) -> &str {
    arn_or_url.rsplit([':', '/']).next().unwrap_or(arn_or_url)
}
