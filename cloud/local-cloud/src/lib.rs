//! One machine's AWS: the operations that this system and its operators use, over AWS's own wire protocols.
//!
//! [`LocalCloud::start`] reads the SAM template, opens the state, serves the AWS endpoint and the REST API, and runs
//! the functions as processes.

pub mod clock;
pub mod config;
pub mod data_dir;
pub mod deploy;
pub mod dynamodb;
pub mod faults;
mod form;
pub mod gateway;
pub mod iam;
pub mod lambda;
mod local_cloud;
pub mod mail;
mod query;
mod rest_api;
pub mod services;
pub mod sns;
pub mod sqs;
pub mod store;
pub mod template;
mod timestamp;
mod xml;

pub use config::{DataLocation, Durability, LocalCloudConfig};
pub use data_dir::Endpoints;
pub use faults::{FaultPlan, FaultPlanError};
pub use lambda::{Command, Launcher};
pub use local_cloud::{LocalCloud, Running, StartError};
