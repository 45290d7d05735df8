//! S3: buckets and objects, over the wire of AWS.
//!
//! [`S3::call`] answers a request: `stand_in` and the library `s3s` read and verify it, `access` has IAM authorize it,
//! `operations` performs it. `files` has the bytes of objects, `object`, `upload` and `listing` have their rows in the store.
//! `notification` adds the events of new objects for functions. `settings` changes the settings of buckets, `cors` answers pages
//! of other origins, and `website_endpoint` answers browsers.
//!
//! Invariants: a file is complete before a row names it, and an answer is given after the commit of what it promises, which
//! includes the events for functions.
//!
//! Imports `cloud-async-invocation`, `cloud-iam`, `cloud-store` and `cloud-wire` of the workspace.

mod access;
mod bucket;
mod callers;
mod checksums;
mod configuration;
mod cors;
mod error;
mod files;
mod form;
mod headers;
mod listing;
mod notification;
mod object;
mod operations;
mod permissions;
mod reading;
mod request;
mod schema;
mod service;
mod settings;
mod stand_in;
mod stand_in_v2;
#[cfg(test)]
mod tests;
mod upload;
mod uploading;
mod website;
mod website_endpoint;
mod writing;

pub use bucket::BucketSettings;
pub use cors::CorsRule;
pub use error::S3Failure;
pub use notification::Notification;
pub use request::{is_for_s3, is_for_website};
pub use schema::MIGRATIONS;
pub use service::{S3, S3Config};
pub use website::Website;
