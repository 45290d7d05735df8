//! AWS on one machine: the operations that this system and its operators use, over AWS's own protocols.
//!
//! [`LocalCloud::start`] reads the SAM template, opens the state, serves the AWS endpoint and the REST API, and runs
//! the functions as processes. This is the only crate that knows both the template and the services: it converts what
//! `cloud-cloudformation` read into what the services take. Invariants: a data directory belongs to one process, and after
//! [`Running::stop`] no process of a function is left.
//!
//! Imports all other crates of the cloud, and nothing of orders.

mod clock;
pub mod config;
mod databases;
mod deploy;
mod local_cloud;
mod names;
#[cfg(test)]
mod power_cut;
pub mod services;
mod table_log;

pub use cloud_cloudformation as template;
pub use cloud_cloudwatch as cloudwatch;
pub use cloud_data_dir as data_dir;
pub use cloud_dynamodb as dynamodb;
pub use cloud_endpoint as endpoint;
pub use cloud_faults as faults;
pub use cloud_http as http;
pub use cloud_iam as iam;
pub use cloud_lambda as lambda;
pub use cloud_s3 as s3;
pub use cloud_sqs as sqs;
pub use cloud_store as store;

pub use cloud_data_dir::Endpoints;
pub use cloud_faults::{FaultPlan, FaultPlanError};
pub use cloud_lambda::{Command, Launcher};
pub use config::{DataLocation, Durability, LocalCloudConfig};
pub use deploy::DeployError;
pub use local_cloud::{LocalCloud, Running, StartError};
pub use names::NameCollision;
