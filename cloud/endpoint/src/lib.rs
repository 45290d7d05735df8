//! The AWS endpoint: one loopback port for all services. Each request names its service.
//!
//! `server` listens, `route` finds the service, the operation and the caller, `fault_injection` carries out the faults in
//! force, `dispatch` has IAM authorize the call and the service perform it, and `control` serves `/_local`. Invariants: every AWS
//! call takes this way, so that a rule for all services has one place, and only this machine may call.
//!
//! Imports the services and `cloud-billing`, `cloud-cloudwatch`, `cloud-faults`, `cloud-http`, `cloud-iam` and `cloud-wire` of the workspace. It opens none of them.

mod authorize;
mod backend;
mod bill;
mod call;
mod call_counts;
mod control;
mod credential_scope;
mod dispatch;
mod fault_injection;
mod instance;
mod perform;
mod route;
mod server;
mod signing_certificate;
mod sts;
mod tables;

pub use backend::Backend;
// The only parts of the bill that the program needs that starts everything.
pub use call_counts::{CallCounts, Count, Counted};
pub use cloud_billing::{Meter, Source};
pub use instance::{Deployment, FunctionState, Instance};
pub use server::AwsEndpoint;
pub use tables::TablesEndpoint;
