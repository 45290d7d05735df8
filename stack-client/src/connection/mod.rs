//! Finding the system: the one on this machine, or a stack on AWS.

mod addresses;
mod aws_clients;
mod defaults;
mod environment;
mod http;
mod http_apis;
mod local;
mod local_control;
mod operator_key;
mod resource;
mod sdk;
mod selection;
mod stack;
mod stack_outputs;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tokio::sync::OnceCell;

use crate::api::ApiAuth;
use defaults::{API_KEY, DEFAULT_DATA_DIR, OPERATOR_KEY, REQUEST_TIMEOUT};
use environment::Environment;
pub use local_control::LocalControl;
pub use operator_key::OperatorKey;
pub use resource::Resource;
use stack::Stack;

/// Where the system is.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Where the system is")]
pub struct Connection {
    /// The system on this machine, or a stack on AWS
    #[arg(long, global = true, value_enum, default_value_t, env = "ORDERS_TARGET")]
    target: Target,
    /// Directory that `up` keeps its state in, and by which the other commands find it [default: .orders]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// On AWS: the stack, whose outputs name the API, the queues and the table
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "orders",
        env = "ORDERS_STACK"
    )]
    stack: String,
    /// On AWS: the region, instead of the one in your AWS configuration
    #[arg(long, global = true, value_name = "REGION", hide_short_help = true)]
    region: Option<String>,
    /// On AWS: the profile of your AWS configuration
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "AWS_PROFILE",
        hide_short_help = true
    )]
    profile: Option<String>,
    /// The API, instead of the one in the data directory or the stack's outputs [env: `ORDERS_API_URL`, unless --data-dir is given]
    #[arg(long, global = true, value_name = "URL", value_parser = http::parse_url)]
    api_url: Option<String>,
    /// The AWS endpoint, instead of the one in the data directory or AWS's own; with `--target aws`, this is how LocalStack is addressed [env: `AWS_ENDPOINT_URL`, with --target aws only]
    #[arg(long, global = true, value_name = "URL", value_parser = http::parse_url)]
    aws_endpoint_url: Option<String>,
    /// How the API authorizes its callers [default: on AWS the stack's parameter `ApiAuth`, on this machine none]
    #[arg(long, global = true, value_enum, hide_short_help = true)]
    api_auth: Option<ApiAuth>,
    /// Key for an API that asks for API keys
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = API_KEY,
        hide_env_values = true,
        hide_short_help = true
    )]
    api_key: Option<String>,
    /// Access key of the operator of an `up --strict-keys`, instead of the one in the data directory
    #[arg(
        long,
        global = true,
        value_name = "ID:SECRET",
        env = OPERATOR_KEY,
        hide_env_values = true,
        hide_short_help = true
    )]
    operator_key: Option<OperatorKey>,
    /// URL of the queue of accepted orders
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    orders_queue_url: Option<String>,
    /// URL of the retry queue of orders
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    orders_retry_queue_url: Option<String>,
    /// URL of its dead-letter queue
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    orders_dlq_url: Option<String>,
    /// URL of the queue of confirmed orders
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    notifications_queue_url: Option<String>,
    /// URL of the retry queue of notifications
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    notifications_retry_queue_url: Option<String>,
    /// URL of its dead-letter queue
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    notifications_dlq_url: Option<String>,
    /// URL of the queue of emails that SNS could not deliver
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    emails_delivery_dlq_url: Option<String>,
    /// URL of the queue of covers that the shop could not make
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    covers_failed_queue_url: Option<String>,
    /// Name of the table of orders
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    orders_table: Option<String>,
    /// Name of its index of a customer's orders
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    customer_index: Option<String>,
    /// Name of the table of claims
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    claims_table: Option<String>,
    /// ARN of the topic of confirmed orders
    #[arg(long, global = true, value_name = "ARN", hide_short_help = true)]
    order_events_topic_arn: Option<String>,
    /// ARN of the topic of the emails
    #[arg(long, global = true, value_name = "ARN", hide_short_help = true)]
    order_emails_topic_arn: Option<String>,
    /// The variables of the environment that name a system.
    #[arg(skip = Environment::read())]
    environment: Environment,
    /// The stack, read at most once.
    #[arg(skip)]
    known_stack: OnceCell<Stack>,
    /// The id of the run of the data directory's system that answered last.
    #[arg(skip)]
    verified: Mutex<String>,
    /// The control of the system on this machine that was called last.
    #[arg(skip)]
    known_control: Mutex<Option<LocalControl>>,
}

/// Where the system runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// The system that `up` started
    #[default]
    Local,
    /// A stack, by the usual AWS configuration
    Aws,
}

/// Makes an HTTP client for a URL, which uses no proxy if the URL is that of this machine.
pub(crate) fn http_client(url: &str) -> anyhow::Result<reqwest::Client> {
    http::client_for(url, REQUEST_TIMEOUT)
}

impl Connection {
    /// The system on this machine that keeps its state in this directory.
    #[must_use]
    pub fn local(data_dir: PathBuf) -> Self {
        Self {
            data_dir: Some(data_dir),
            ..Self::default()
        }
    }

    /// The system on this machine at these URLs, with the operator's access key if it takes no other, and the API key if the API
    /// asks for one.
    #[must_use]
    pub fn at(
        api_url: String,
        aws_endpoint_url: String,
        operator_key: Option<OperatorKey>,
        api_key: Option<String>,
    ) -> Self {
        Self {
            api_url: Some(api_url),
            aws_endpoint_url: Some(aws_endpoint_url),
            operator_key,
            api_key,
            ..Self::default()
        }
    }

    /// The same options, for a stack on AWS.
    #[must_use]
    pub fn on_aws(self) -> Self {
        Self {
            target: Target::Aws,
            ..self
        }
    }

    /// Where the system runs.
    #[must_use]
    pub fn target(&self) -> Target {
        self.target
    }

    /// The directory that `up` keeps its state in.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.data_dir
            .as_deref()
            .unwrap_or_else(|| Path::new(DEFAULT_DATA_DIR))
    }

    /// Whether the system is found by its data directory, and not by URLs.
    #[must_use]
    pub fn uses_data_dir(&self) -> bool {
        self.target == Target::Local && self.named_api_url().is_none() && self.aws_endpoint_url.is_none()
    }

    /// The id of the process of the system, if it is found by its data directory and runs.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        self.uses_data_dir()
            .then(|| local::process_id(self.data_dir()))
            .flatten()
    }

    /// A value that is given. An empty environment variable counts as not given.
    fn non_empty(value: Option<&String>) -> Option<&str> {
        value.map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// The configuration of an SDK for the tests of other modules.
#[cfg(test)]
pub(crate) fn sdk_config_for_tests(url: &str, timeout: std::time::Duration) -> aws_config::SdkConfig {
    let timeouts = aws_config::timeout::TimeoutConfig::builder().operation_timeout(timeout);
    let operator = defaults::OPERATOR;
    let credentials = aws_credential_types::Credentials::new(operator, operator, None, None, "orderctl");
    let config = sdk::local(url, credentials).into_builder();
    config.timeout_config(timeouts.build()).build()
}
