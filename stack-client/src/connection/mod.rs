//! Finding the system: the one on this machine, or a stack on AWS.

mod local;
mod resource;
mod stack;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use tokio::sync::OnceCell;

use crate::api::{Api, ApiAuth};
pub use resource::Resource;
use stack::Stack;

/// The region of the system on this machine.
const LOCAL_REGION: &str = "us-east-1";
/// The operator's access key and secret on this machine, where every access key that is no function's is the operator's.
const OPERATOR: &str = "operator";
/// The timeout of a request, longer than the 20 seconds that a request for mail may wait.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the system is.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Where the system is")]
pub struct Connection {
    /// The system on this machine, or a stack on AWS
    #[arg(long, global = true, value_enum, default_value_t, env = "ORDERS_TARGET")]
    target: Target,
    /// Directory that `up` keeps its state in, and by which the other commands find it
    #[arg(long, global = true, value_name = "DIR", default_value = ".orders")]
    data_dir: PathBuf,
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
    /// The API, instead of the one in the data directory or the stack's outputs
    #[arg(long, global = true, value_name = "URL", env = "ORDERS_API_URL")]
    api_url: Option<String>,
    /// The AWS endpoint, instead of the one in the data directory or AWS's own; with `--target aws`, this is how LocalStack is addressed
    #[arg(long, global = true, value_name = "URL", env = "AWS_ENDPOINT_URL")]
    aws_endpoint_url: Option<String>,
    /// How the API authorizes its callers [default: on AWS the stack's parameter `ApiAuth`, on this machine none]
    #[arg(long, global = true, value_enum, hide_short_help = true)]
    api_auth: Option<ApiAuth>,
    /// Key for an API that asks for API keys
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "ORDERS_API_KEY",
        hide_env_values = true,
        hide_short_help = true
    )]
    api_key: Option<String>,
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
    /// Name of the table of orders
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    orders_table: Option<String>,
    /// ARN of the topic of confirmed orders
    #[arg(long, global = true, value_name = "ARN", hide_short_help = true)]
    order_events_topic_arn: Option<String>,
    /// The stack, read at most once.
    #[arg(skip)]
    known_stack: OnceCell<Stack>,
}

/// Where the system runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Target {
    /// What `up` started
    #[default]
    Local,
    /// A stack, by the usual AWS configuration
    Aws,
}

impl Connection {
    /// The system on this machine that keeps its state in this directory.
    #[must_use]
    pub fn local(data_dir: PathBuf) -> Self {
        Self {
            data_dir,
            ..Self::default()
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
        &self.data_dir
    }

    /// A client of the API, with the authorization that the API asks for.
    pub async fn api(&self) -> anyhow::Result<Api> {
        let url = self.api_url().await?;
        let auth = match (self.api_auth, self.target) {
            (Some(auth), _) => auth,
            (None, _) if Self::non_empty(self.api_key.as_ref()).is_some() => ApiAuth::ApiKey,
            (None, Target::Local) => ApiAuth::None,
            // Someone who names the URL may not be allowed to read the stack.
            (None, Target::Aws) if Self::non_empty(self.api_url.as_ref()).is_some() => ApiAuth::Iam,
            (None, Target::Aws) => self.stack().await?.api_auth()?,
        };
        let client = self.http()?;
        match auth {
            ApiAuth::None => Ok(Api::open(client, url)),
            ApiAuth::ApiKey => {
                let key = Self::non_empty(self.api_key.as_ref()).context(
                    "the API takes API keys: give yours by --api-key or ORDERS_API_KEY (`aws apigateway get-api-key \
                     --include-value --api-key ID` shows it; ID is the stack's output ApiKeyId)",
                )?;
                Api::with_key(client, url, key)
            }
            ApiAuth::Iam => Api::signed(client, url, &self.sdk_config().await?),
        }
    }

    /// The API's URL, without a slash at its end.
    pub async fn api_url(&self) -> anyhow::Result<String> {
        let url = match (Self::non_empty(self.api_url.as_ref()), self.target) {
            (Some(url), _) => url.to_owned(),
            (None, Target::Local) => local::endpoints(&self.data_dir)?.api_url,
            (None, Target::Aws) => self.stack().await?.output("ApiUrl")?.to_owned(),
        };
        Ok(url.trim_end_matches('/').to_owned())
    }

    /// The AWS endpoint on this machine, without a slash at its end.
    pub fn local_endpoint_url(&self) -> anyhow::Result<String> {
        let url = match Self::non_empty(self.aws_endpoint_url.as_ref()) {
            Some(url) => url.to_owned(),
            None => local::endpoints(&self.data_dir)?.aws_endpoint_url,
        };
        Ok(url.trim_end_matches('/').to_owned())
    }

    /// A queue's URL, the table's name or the topic's ARN, from an option or from the stack's outputs.
    pub async fn resource(&self, resource: Resource) -> anyhow::Result<String> {
        let given = match resource {
            Resource::OrdersQueueUrl => &self.orders_queue_url,
            Resource::OrdersRetryQueueUrl => &self.orders_retry_queue_url,
            Resource::OrdersDlqUrl => &self.orders_dlq_url,
            Resource::NotificationsQueueUrl => &self.notifications_queue_url,
            Resource::NotificationsRetryQueueUrl => &self.notifications_retry_queue_url,
            Resource::NotificationsDlqUrl => &self.notifications_dlq_url,
            Resource::OrdersTableName => &self.orders_table,
            Resource::OrderEventsTopicArn => &self.order_events_topic_arn,
        };
        match (Self::non_empty(given.as_ref()), self.target) {
            (Some(value), _) => Ok(value.to_owned()),
            (None, Target::Local) => Ok(self.stack().await?.output_or_default(resource)),
            (None, Target::Aws) => self
                .stack()
                .await?
                .output(resource.output())
                .map(str::to_owned)
                .with_context(|| format!("name it by {}", resource.flag())),
        }
    }

    /// The stack. It is read at most once, and only if an option does not name what is needed.
    async fn stack(&self) -> anyhow::Result<&Stack> {
        self.known_stack
            .get_or_try_init(async || match self.target {
                // The outputs in the data directory may belong to another system than the given endpoint.
                Target::Local if Self::non_empty(self.aws_endpoint_url.as_ref()).is_some() => {
                    Ok(Stack::default())
                }
                Target::Local => local::stack(&self.data_dir),
                Target::Aws => Stack::describe(&self.sdk_config().await?, &self.stack).await,
            })
            .await
    }

    /// A client of the queues.
    pub async fn sqs(&self) -> anyhow::Result<aws_sdk_sqs::Client> {
        Ok(aws_sdk_sqs::Client::new(&self.sdk_config().await?))
    }

    /// A client of the table.
    pub async fn dynamodb(&self) -> anyhow::Result<aws_sdk_dynamodb::Client> {
        Ok(aws_sdk_dynamodb::Client::new(&self.sdk_config().await?))
    }

    /// A client of STS, which knows the caller's identity.
    pub async fn sts(&self) -> anyhow::Result<aws_sdk_sts::Client> {
        Ok(aws_sdk_sts::Client::new(&self.sdk_config().await?))
    }

    /// Region, credentials, endpoint and timeout of every AWS client. It is not cached: a local system that is started
    /// again may listen on another port.
    pub async fn sdk_config(&self) -> anyhow::Result<SdkConfig> {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(REQUEST_TIMEOUT)
            .build();
        let loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts);
        match self.target {
            Target::Local => {
                let loader = loader
                    .region(Region::from_static(LOCAL_REGION))
                    .endpoint_url(self.local_endpoint_url()?)
                    .credentials_provider(Credentials::new(OPERATOR, OPERATOR, None, None, "orderctl"));
                Ok(loader.load().await)
            }
            Target::Aws => {
                let mut loader = loader;
                if let Some(region) = Self::non_empty(self.region.as_ref()) {
                    loader = loader.region(Region::new(region.to_owned()));
                }
                if let Some(profile) = Self::non_empty(self.profile.as_ref()) {
                    loader = loader.profile_name(profile);
                }
                if let Some(url) = Self::non_empty(self.aws_endpoint_url.as_ref()) {
                    loader = loader.endpoint_url(url);
                }
                let config = loader.load().await;
                config.region().context(
                    "no AWS region is set: give --region, or set AWS_REGION or a region in your profile",
                )?;
                Ok(config)
            }
        }
    }

    /// A client for the API and the mailbox.
    pub fn http(&self) -> anyhow::Result<reqwest::Client> {
        let builder = reqwest::Client::builder().timeout(REQUEST_TIMEOUT);
        let builder = match self.target {
            // The system listens on loopback. A proxy would look for it on the proxy's machine.
            Target::Local => builder.no_proxy(),
            Target::Aws => builder,
        };
        builder.build().context("no HTTP client")
    }

    /// A value that is given. An empty environment variable counts as not given.
    fn non_empty(value: Option<&String>) -> Option<&str> {
        value.map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(data_dir: &std::path::Path) -> Connection {
        Connection {
            data_dir: data_dir.to_owned(),
            stack: "orders".to_owned(),
            ..Connection::default()
        }
    }

    #[tokio::test]
    async fn an_error_says_how_to_start_the_system() {
        let directory = tempfile::tempdir().unwrap();
        let connection = local(directory.path());
        let error = connection.api_url().await.unwrap_err().to_string();
        assert!(error.starts_with("nothing runs here: start it with `"), "{error}");
        assert!(error.contains(&directory.path().display().to_string()), "{error}");
    }

    #[tokio::test]
    async fn an_option_overrides_the_data_directory() {
        let directory = tempfile::tempdir().unwrap();
        let endpoints = r#"{"api_url": "http://a", "aws_endpoint_url": "http://b", "data_dir": null}"#;
        std::fs::write(directory.path().join("endpoints.json"), endpoints).unwrap();
        let connection = Connection {
            api_url: Some("http://given/".to_owned()),
            aws_endpoint_url: Some(String::new()),
            orders_dlq_url: Some("http://b/0/other-dlq".to_owned()),
            ..local(directory.path())
        };
        assert_eq!(connection.api_url().await.unwrap(), "http://given");
        assert_eq!(connection.local_endpoint_url().unwrap(), "http://b");
        let resource = async |resource| connection.resource(resource).await.unwrap();
        assert_eq!(resource(Resource::OrdersDlqUrl).await, "http://b/0/other-dlq");
        assert_eq!(resource(Resource::OrdersTableName).await, "orders");
    }

    #[tokio::test]
    async fn a_local_resource_has_the_name_in_the_outputs() {
        let directory = tempfile::tempdir().unwrap();
        let outputs = r#"{"OrdersDlqUrl": "http://b/0/x-orders-dlq"}"#;
        std::fs::write(directory.path().join("outputs.json"), outputs).unwrap();
        let url = local(directory.path()).resource(Resource::OrdersDlqUrl).await;
        assert_eq!(url.unwrap(), "http://b/0/x-orders-dlq");
    }

    #[tokio::test]
    async fn on_aws_a_given_url_needs_no_stack() {
        let connection = Connection {
            target: Target::Aws,
            orders_queue_url: Some("https://sqs.eu-west-1.amazonaws.com/123456789012/orders".to_owned()),
            ..Connection::default()
        };
        let url = connection.resource(Resource::OrdersQueueUrl).await.unwrap();
        assert!(url.ends_with("/orders"));
    }
}
