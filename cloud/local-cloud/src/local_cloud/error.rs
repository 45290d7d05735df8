//! Why a local cloud did not start.

use std::io;

use cloud_cloudformation::TemplateError;
use cloud_data_dir::DataDirError;
use cloud_iam::LAMBDA;

use crate::deploy::DeployError;
use crate::services::ServicesError;

/// Why a local cloud did not start. Whatever had started is ended again.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory is in use or cannot be written.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// A port is taken, or may not be used.
    #[error("port {port} cannot be used, choose another with {flag}: {source}")]
    Port {
        /// The port.
        port: u16,
        /// The option that sets it.
        flag: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The template cannot be run here.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The state could not be opened.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// A resource could not be brought to what the template says.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// A mapping or a route names a function that the template does not have.
    #[error("{referrer} names function {function}, which the template does not have")]
    NoSuchFunction {
        /// The mapping or route.
        referrer: String,
        /// The function's name.
        function: String,
    },
    /// A function's role is not one of the template's.
    #[error(
        "function {function} has the role {role}, which the template does not have: what it may do is not known"
    )]
    NoSuchRole {
        /// The function's name.
        function: String,
        /// The role's ARN.
        role: String,
    },
    /// A role's trust policy does not let Lambda act with it.
    #[error(
        "function {function} has the role {role}, which {LAMBDA} may not assume: see its AssumeRolePolicyDocument"
    )]
    RoleCannotBeAssumed {
        /// The function's name.
        function: String,
        /// The role's name.
        role: String,
    },
    /// A function's log cannot be written.
    #[error("the log of function {function} cannot be written: {source}")]
    Log {
        /// The function's name.
        function: String,
        /// What the system says.
        source: io::Error,
    },
    /// The AWS endpoint's listener failed.
    #[error("the AWS endpoint cannot be served: {0}")]
    AwsEndpoint(io::Error),
}
