//! The AWS endpoint: one loopback port for all services, told apart by what a request carries.
//!
//! `server` listens, `route` finds the service, the operation and the caller, `fault_injection` carries out the faults in
//! force, `dispatch` has IAM judge the call and the service perform it, and `control` serves `/_local`. Invariants: every AWS
//! call takes this way, so that a rule for all services has one place, and only this machine may call.
//!
//! Imports the services and `cloud-faults`, `cloud-iam` and `cloud-wire` of the workspace. It opens none of them.

mod authorize;
mod backend;
mod call;
mod control;
mod credential_scope;
mod dispatch;
mod fault_injection;
mod host;
mod instance;
mod perform;
mod route;
mod server;
mod sts;

pub use backend::Backend;
pub use instance::{Deployment, FunctionState, Instance};
pub use server::AwsEndpoint;
