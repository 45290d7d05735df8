//! Parses and resolves the SAM template. It is the only source of all queues, tables, topics, functions and
//! mappings.
//!
//! The steps: `node` parses YAML into a tree with intrinsic functions. `parameters` and `resolve` turn the
//! tree into plain JSON. `globals` merges SAM's global settings. `resources` turns the JSON into typed
//! resources. A construct that is not supported is an error with its name and position. Only the constructs
//! in `ignored` are ignored.
//! [`sort_by_redrive`] says in which order queues are created. Nothing is created here: `local-cloud` does that.
//!
//! Imports `cloud-cloudwatch` and `cloud-iam` of the workspace.

mod error;
mod globals;
mod ignored;
mod node;
mod parameters;
mod properties;
mod redrive_order;
mod resolve;
mod resources;
mod rules;
mod sections;
mod stack;
mod stack_location;
mod substitution;
mod template_path;
#[cfg(test)]
mod tests;

pub use error::TemplateError;
pub use redrive_order::{RedriveCircle, sort_by_redrive};
pub use resources::api::Api;
pub use resources::api_key::{ApiKey, UsagePlan};
pub use resources::asynchronous::Asynchronous;
pub use resources::bucket::{Bucket, CorsRule, Website};
pub use resources::event_source_mapping::EventSourceMapping;
pub use resources::function::{Function, SystemLogLevel};
pub use resources::gateway_response::GatewayResponse;
pub use resources::method_throttle::MethodThrottle;
pub use resources::mock_integration::MockIntegration;
pub use resources::notification::Notification;
pub use resources::queue::Queue;
pub use resources::role::{Policy, Role};
pub use resources::route::{Integration, Route};
pub use resources::subscription::Subscription;
pub use resources::table::Table;
pub use resources::topic::Topic;
pub use sections::parameter_names;
pub use stack::Stack;
pub use stack_location::StackLocation;
