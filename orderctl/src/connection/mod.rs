//! Finding the system that a command is about: the one on this machine, or a stack on AWS.

mod local;
mod resource;
mod stack;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use tokio::sync::OnceCell;

use crate::api::{Api, ApiAuth};
pub(crate) use resource::Resource;
pub(crate) use stack::Stack;

/// The region that everything local is in.
const LOCAL_REGION: &str = "us-east-1";
/// The operator's access key and secret: locally, every key that is no function's is the operator's.
const OPERATOR: &str = "operator";
/// A request's time-out; longer than the 20 seconds that the mailbox may wait.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the system is.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Where the system is")]
pub(crate) struct Connection {
    /// The system on this machine, or a stack on AWS
    #[arg(long, global = true, value_enum, default_value_t, env = "ORDERS_TARGET")]
    pub(crate) target: Target,
    /// Directory that `up` keeps its state in, and by which the other commands find it
    #[arg(long, global = true, value_name = "DIR", default_value = ".orders")]
    pub(crate) data_dir: PathBuf,
    /// On AWS: the stack, whose outputs name the API, the queues and the table
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        default_value = "orders",
        env = "ORDERS_STACK"
    )]
    pub(crate) stack: String,
    /// On AWS: the region, instead of the one in your AWS configuration
    #[arg(long, global = true, value_name = "REGION", hide_short_help = true)]
    pub(crate) region: Option<String>,
    /// On AWS: the profile of your AWS configuration
    #[arg(
        long,
        global = true,
        value_name = "NAME",
        env = "AWS_PROFILE",
        hide_short_help = true
    )]
    pub(crate) profile: Option<String>,
    /// The API, instead of the one in the data directory or the stack's outputs
    #[arg(long, global = true, value_name = "URL", env = "ORDERS_API_URL")]
    pub(crate) api_url: Option<String>,
    /// The AWS endpoint, instead of the one in the data directory or AWS's own; with `--target aws`, this is how LocalStack is addressed
    #[arg(long, global = true, value_name = "URL", env = "AWS_ENDPOINT_URL")]
    pub(crate) aws_endpoint_url: Option<String>,
    /// How the API knows its callers [default: what the stack says; on this machine nobody is asked]
    #[arg(long, global = true, value_enum, hide_short_help = true)]
    pub(crate) api_auth: Option<ApiAuth>,
    /// Key for an API that takes API keys
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "ORDERS_API_KEY",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub(crate) api_key: Option<String>,
    /// URL of the queue of accepted orders
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub(crate) orders_queue_url: Option<String>,
    /// URL of its dead-letter queue
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub(crate) orders_dlq_url: Option<String>,
    /// URL of the queue of confirmed orders
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub(crate) notifications_queue_url: Option<String>,
    /// URL of its dead-letter queue
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub(crate) notifications_dlq_url: Option<String>,
    /// Name of the table of orders
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub(crate) orders_table: Option<String>,
    /// ARN of the topic of confirmed orders
    #[arg(long, global = true, value_name = "ARN", hide_short_help = true)]
    pub(crate) order_events_topic_arn: Option<String>,
    /// Asked for once.
    #[arg(skip)]
    pub(crate) found: OnceCell<Stack>,
}

/// Which of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Target {
    /// What `up` started
    #[default]
    Local,
    /// A stack, by the usual AWS configuration
    Aws,
}

impl Connection {
    /// The API, with what its callers have to show.
    pub(crate) async fn api(&self) -> anyhow::Result<Api> {
        let url = self.api_url().await?;
        let auth = match (self.api_auth, self.target) {
            (Some(auth), _) => auth,
            (None, _) if Self::given(self.api_key.as_ref()).is_some() => ApiAuth::ApiKey,
            (None, Target::Local) => ApiAuth::None,
            // Whoever names the URL may lack the right, or the wish, to read a stack.
            (None, Target::Aws) if Self::given(self.api_url.as_ref()).is_some() => ApiAuth::Iam,
            (None, Target::Aws) => self.stack().await?.api_auth()?,
        };
        let client = self.http()?;
        match auth {
            ApiAuth::None => Ok(Api::open(client, url)),
            ApiAuth::ApiKey => {
                let key = Self::given(self.api_key.as_ref()).context(
                    "the API takes API keys: give yours by --api-key or ORDERS_API_KEY (`aws apigateway get-api-key \
                     --include-value --api-key ID` shows it; ID is the stack's output ApiKeyId)",
                )?;
                Api::with_key(client, url, key)
            }
            ApiAuth::Iam => Api::signed(client, url, &self.sdk_config().await?),
        }
    }

    /// The API's URL, without a slash at its end.
    pub(crate) async fn api_url(&self) -> anyhow::Result<String> {
        let url = match (Self::given(self.api_url.as_ref()), self.target) {
            (Some(url), _) => url.to_owned(),
            (None, Target::Local) => local::endpoints(&self.data_dir)?.api_url,
            (None, Target::Aws) => self.stack().await?.output("ApiUrl")?.to_owned(),
        };
        Ok(url.trim_end_matches('/').to_owned())
    }

    /// The AWS endpoint of this machine, without a slash at its end: where the mailbox is read.
    pub(crate) fn local_endpoint_url(&self) -> anyhow::Result<String> {
        let url = match Self::given(self.aws_endpoint_url.as_ref()) {
            Some(url) => url.to_owned(),
            None => local::endpoints(&self.data_dir)?.aws_endpoint_url,
        };
        Ok(url.trim_end_matches('/').to_owned())
    }

    /// A queue's URL, the table's name or a topic's ARN: the one that was given, or the one that the outputs name.
    pub(crate) async fn resource(&self, resource: Resource) -> anyhow::Result<String> {
        let given = match resource {
            Resource::OrdersQueueUrl => &self.orders_queue_url,
            Resource::OrdersDlqUrl => &self.orders_dlq_url,
            Resource::NotificationsQueueUrl => &self.notifications_queue_url,
            Resource::NotificationsDlqUrl => &self.notifications_dlq_url,
            Resource::OrdersTableName => &self.orders_table,
            Resource::OrderEventsTopicArn => &self.order_events_topic_arn,
        };
        match (Self::given(given.as_ref()), self.target) {
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

    /// What is known of the stack. It is asked for once, and only if something is not given by a flag.
    async fn stack(&self) -> anyhow::Result<&Stack> {
        self.found
            .get_or_try_init(async || match self.target {
                // An endpoint that was given need not be that of the data directory, nor of a system with one.
                Target::Local if Self::given(self.aws_endpoint_url.as_ref()).is_some() => {
                    Ok(Stack::default())
                }
                Target::Local => local::stack(&self.data_dir),
                Target::Aws => Stack::describe(&self.sdk_config().await?, &self.stack).await,
            })
            .await
    }

    /// A client of the queues.
    pub(crate) async fn sqs(&self) -> anyhow::Result<aws_sdk_sqs::Client> {
        Ok(aws_sdk_sqs::Client::new(&self.sdk_config().await?))
    }

    /// A client of the table.
    pub(crate) async fn dynamodb(&self) -> anyhow::Result<aws_sdk_dynamodb::Client> {
        Ok(aws_sdk_dynamodb::Client::new(&self.sdk_config().await?))
    }

    /// A client that says who we are.
    pub(crate) async fn sts(&self) -> anyhow::Result<aws_sdk_sts::Client> {
        Ok(aws_sdk_sts::Client::new(&self.sdk_config().await?))
    }

    /// What every client of AWS shares: region, credentials, endpoint. A call that hangs ends: the system may be killed
    /// under it, and when it is there again it may be elsewhere, which is why this is not kept.
    pub(crate) async fn sdk_config(&self) -> anyhow::Result<SdkConfig> {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(REQUEST_TIMEOUT)
            .build();
        let loader = aws_config::defaults(BehaviorVersion::v2026_01_12()).timeout_config(timeouts);
        match self.target {
            Target::Local => {
                let url = self.local_endpoint_url()?;
                let (id, secret) = self.local_operator(&url);
                let loader = loader
                    .region(Region::from_static(LOCAL_REGION))
                    .endpoint_url(url)
                    .credentials_provider(Credentials::new(id, secret, None, None, "orderctl"));
                Ok(loader.load().await)
            }
            Target::Aws => {
                let mut loader = loader;
                if let Some(region) = Self::given(self.region.as_ref()) {
                    loader = loader.region(Region::new(region.to_owned()));
                }
                if let Some(profile) = Self::given(self.profile.as_ref()) {
                    loader = loader.profile_name(profile);
                }
                if let Some(url) = Self::given(self.aws_endpoint_url.as_ref()) {
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

    /// The operator's access key on this machine. With `up --strict-keys` it is the one that the data directory names, as
    /// long as its endpoint is the one that is called.
    fn local_operator(&self, url: &str) -> (String, String) {
        let endpoints = local::endpoints(&self.data_dir).ok();
        let key = endpoints
            .filter(|endpoints| endpoints.aws_endpoint_url.trim_end_matches('/') == url)
            .and_then(|endpoints| endpoints.operator);
        match key {
            Some(key) => (key.access_key_id, key.secret_access_key),
            None => (OPERATOR.to_owned(), OPERATOR.to_owned()),
        }
    }

    /// A client for the API and the mailbox.
    pub(crate) fn http(&self) -> anyhow::Result<reqwest::Client> {
        let builder = reqwest::Client::builder().timeout(REQUEST_TIMEOUT);
        let builder = match self.target {
            // These answer on loopback, where no proxy is needed, and where a proxy would look on its own machine.
            Target::Local => builder.no_proxy(),
            Target::Aws => builder,
        };
        builder.build().context("no HTTP client")
    }

    /// An empty variable of the environment says nothing.
    fn given(value: Option<&String>) -> Option<&str> {
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
    async fn nothing_running_is_said_with_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let connection = local(directory.path());
        let error = connection.api_url().await.unwrap_err().to_string();
        assert!(error.starts_with("nothing runs here: start it with `"), "{error}");
        assert!(error.contains(&directory.path().display().to_string()), "{error}");
    }

    #[tokio::test]
    async fn what_is_given_comes_before_the_directory() {
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
    async fn a_prefix_of_the_local_names_is_known_by_the_outputs() {
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
