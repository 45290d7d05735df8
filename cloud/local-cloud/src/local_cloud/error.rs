//! The reasons why a local cloud did not start.

use std::io;

use cloud_api_gateway::ResponseTemplateError;
use cloud_cloudformation::TemplateError;
use cloud_data_dir::DataDirError;
use cloud_iam::LAMBDA;
use cloud_lambda::InvokeError;

use crate::deploy::DeployError;
use crate::names::NameCollision;
use crate::services::ServicesError;

/// The reason why a local cloud did not start. Everything that had been started is stopped again.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory is in use or cannot be written.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// A port is in use, or the process may not use it.
    #[error("port {port} cannot be used, choose another with {flag}: {source}")]
    Port {
        /// The port.
        port: u16,
        /// The command-line option that sets it.
        flag: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The template cannot run on this machine.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Two stacks have a resource of the same name.
    #[error(transparent)]
    NameCollision(#[from] NameCollision),
    /// The services could not be opened.
    #[error(transparent)]
    Services(#[from] ServicesError),
    /// A resource could not be created or updated.
    #[error(transparent)]
    Deploy(#[from] DeployError),
    /// A function cannot start, so that its requests or messages would wait for ever.
    #[error("function {function} cannot start: {error}{}", said(output))]
    Function {
        /// The name of the function.
        function: String,
        /// How its start failed.
        error: InvokeError,
        /// The last line that it wrote, empty if it wrote none.
        output: String,
    },
    /// A mapping or a route names a function that the template does not have.
    #[error("{referrer} names function {function}, which the template does not have")]
    NoSuchFunction {
        /// The mapping or the route.
        referrer: String,
        /// The name of the function.
        function: String,
    },
    /// A MOCK integration has a response template that cannot be evaluated here.
    #[error("{route}: {source}")]
    ResponseTemplate {
        /// The method and the path.
        route: String,
        /// The construct.
        source: ResponseTemplateError,
    },
    /// The template does not define the role of a function.
    #[error(
        "function {function} has the role {role}, which the template does not define, so its permissions are unknown"
    )]
    NoSuchRole {
        /// The name of the function.
        function: String,
        /// The ARN of the role.
        role: String,
    },
    /// The trust policy of a role does not allow Lambda to assume the role.
    #[error(
        "function {function} has the role {role}, which {LAMBDA} may not assume: see its AssumeRolePolicyDocument"
    )]
    RoleCannotBeAssumed {
        /// The name of the function.
        function: String,
        /// The name of the role.
        role: String,
    },
    /// The log of a function cannot be written.
    #[error("the log of function {function} cannot be written: {source}")]
    Log {
        /// The name of the function.
        function: String,
        /// The error of the operating system.
        source: io::Error,
    },
}

/// The end of a sentence with the output of a function.
fn said(output: &str) -> String {
    if output.is_empty() {
        String::new()
    } else {
        format!("; it wrote: {output}")
    }
}
