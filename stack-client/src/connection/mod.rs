//! Finding the system: the one on this machine, or a stack on AWS.

mod defaults;
mod environment;
mod http;
mod local;
mod local_control;
mod operator_key;
mod resource;
mod sdk;
mod stack;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use terminal::exit::UsageError;
use terminal::text::quote;
use tokio::sync::OnceCell;

use crate::api::{Api, ApiAuth};
use defaults::{API_KEY, DEFAULT_DATA_DIR, OPERATOR, OPERATOR_KEY, REQUEST_TIMEOUT};
use environment::Environment;
pub use local_control::LocalControl;
pub use operator_key::OperatorKey;
pub use resource::Resource;
use sdk::AwsSettings;
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

    /// The options that select this system, with a space before each, so that a printed command can be typed as it stands.
    #[must_use]
    pub fn options(&self) -> String {
        let mut options = String::new();
        for (name, value) in self.selection() {
            options.extend([" ", name, " ", &quote(&value)]);
        }
        options
    }

    /// The same options as the arguments of a process, with the profile.
    #[must_use]
    pub fn arguments(&self) -> Vec<String> {
        let profile = Self::non_empty(self.profile.as_ref()).filter(|_| self.target == Target::Aws);
        let profile = profile.map(|profile| ("--profile", profile.to_owned()));
        let selected = self.selection().into_iter().chain(profile);
        selected.map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// The variables of the environment with which a process of `orderctl` has the same access. They are secret, so that they
    /// are no arguments, which every user of the machine can read.
    #[must_use]
    pub fn secret_variables(&self) -> Vec<(&'static str, String)> {
        let operator = self.operator_key.iter().map(|key| (OPERATOR_KEY, key.to_pair()));
        let api_key = self.api_key().into_iter().map(|key| (API_KEY, key.to_owned()));
        operator.chain(api_key).collect()
    }

    /// The names and values of the options that select this system.
    fn selection(&self) -> Vec<(&'static str, String)> {
        let mut options = Vec::new();
        match self.target {
            Target::Local => {
                let directory = self.data_dir.as_deref();
                options.extend(directory.map(|path| ("--data-dir", path.display().to_string())));
            }
            Target::Aws => {
                options.push(("--target", "aws".to_owned()));
                options.extend((self.stack != "orders").then(|| ("--stack", self.stack.clone())));
                options.extend(self.region.clone().map(|region| ("--region", region)));
            }
        }
        options.extend(self.api_url.clone().map(|url| ("--api-url", url)));
        options.extend(
            self.aws_endpoint_url
                .clone()
                .map(|url| ("--aws-endpoint-url", url)),
        );
        options
    }

    /// The API key that was given.
    #[must_use]
    pub fn api_key(&self) -> Option<&str> {
        Self::non_empty(self.api_key.as_ref())
    }

    /// The key for an API: the one that was given, or that the data directory names as long as its API is the one that is called.
    async fn key_of_api(&self) -> anyhow::Result<Option<String>> {
        if self.api_key().is_some() || self.target == Target::Aws {
            return Ok(self.api_key().map(str::to_owned));
        }
        let url = self.api_url().await?;
        let endpoints = local::endpoints(self.data_dir()).ok();
        let called = endpoints.filter(|endpoints| endpoints.api_url.trim_end_matches('/') == url);
        Ok(called.and_then(|endpoints| endpoints.api_key))
    }

    /// How the API authorizes its callers.
    pub async fn api_auth(&self) -> anyhow::Result<ApiAuth> {
        if let Some(auth) = self.api_auth {
            return Ok(auth);
        }
        let key = self.key_of_api().await?;
        self.api_auth_with(key.as_deref()).await
    }

    /// How the API authorizes its callers, of whom this one has the key.
    async fn api_auth_with(&self, key: Option<&str>) -> anyhow::Result<ApiAuth> {
        Ok(match (self.api_auth, self.target) {
            (Some(auth), _) => auth,
            (None, _) if key.is_some() => ApiAuth::ApiKey,
            (None, Target::Local) => ApiAuth::None,
            // Someone who names the URL may not be allowed to read the stack.
            (None, Target::Aws) if self.named_api_url().is_some() => ApiAuth::Iam,
            (None, Target::Aws) => self.stack().await?.api_auth()?,
        })
    }

    /// The id of the stack's API key, by which the API knows its caller. The key itself is a secret, and the id is none.
    pub async fn api_key_id(&self) -> anyhow::Result<String> {
        Ok(self.stack().await?.output("ApiKeyId")?.to_owned())
    }

    /// A client of the API, with the authorization that the API asks for.
    pub async fn api(&self) -> anyhow::Result<Api> {
        let url = self.api_url().await?;
        let key = self.key_of_api().await?;
        let auth = self.api_auth_with(key.as_deref()).await?;
        let client = http::client_for(&url, REQUEST_TIMEOUT)?;
        match auth {
            ApiAuth::None => Ok(Api::open(client, url)),
            ApiAuth::ApiKey => {
                let key = key.context(
                    "the API takes API keys: give yours by --api-key or ORDERS_API_KEY (`aws apigateway get-api-key \
                     --include-value --api-key ID` shows it; ID is the stack's output ApiKeyId)",
                )?;
                Api::with_key(client, url, &key)
            }
            ApiAuth::Iam => Api::signed(client, url, &self.sdk_config().await?),
        }
    }

    /// A client of the catalogue of the shop: that of the system on this machine, or the one at `url`. An API key authorizes its
    /// requests, or on AWS a signature.
    pub async fn catalogue(&self, url: Option<&str>) -> anyhow::Result<Api> {
        let url = match (url, self.target) {
            (Some(url), _) => http::parse_url(url)
                .map_err(|reason| UsageError(format!("--catalog-url is {}: {reason}", quote(url))))?,
            (None, Target::Local) => self.endpoints().await?.catalog_url.context(
                "the system runs without the shop: start it without --no-shop, or name the catalogue by --catalog-url",
            )?,
            (None, Target::Aws) => {
                let reason = "name the catalogue by --catalog-url: it is the output CatalogUrl of the stack of the shop";
                return Err(UsageError(reason.to_owned()).into());
            }
        };
        let url = url.trim_end_matches('/').to_owned();
        let client = http::client_for(&url, REQUEST_TIMEOUT)?;
        match (Self::non_empty(self.api_key.as_ref()), self.target) {
            (Some(key), _) => Api::with_key(client, url, key),
            (None, Target::Aws) => Api::signed(client, url, &self.sdk_config().await?),
            (None, Target::Local) => Ok(Api::open(client, url)),
        }
    }

    /// The API's URL, without a slash at its end.
    pub async fn api_url(&self) -> anyhow::Result<String> {
        let url = match (self.named_api_url(), self.target) {
            (Some(url), _) => {
                self.refuse_two_systems()?;
                let parsed = http::parse_url(url)
                    .map_err(|reason| UsageError(format!("ORDERS_API_URL is {}: {reason}", quote(url))));
                parsed?
            }
            (None, Target::Local) if self.aws_endpoint_url.is_some() => {
                return Err(UsageError(
                    "--aws-endpoint-url names a system whose API is not known: give --api-url too, or only --data-dir"
                        .to_owned(),
                )
                .into());
            }
            (None, Target::Local) => self.endpoints().await?.api_url,
            (None, Target::Aws) => self.stack().await?.output("ApiUrl")?.to_owned(),
        };
        Ok(url.trim_end_matches('/').to_owned())
    }

    /// The AWS endpoint on this machine, without a slash at its end.
    pub async fn local_endpoint_url(&self) -> anyhow::Result<String> {
        let url = match &self.aws_endpoint_url {
            Some(url) => {
                self.refuse_two_systems()?;
                url.clone()
            }
            None => match self.named_api_url() {
                None => self.endpoints().await?.aws_endpoint_url,
                // The data directory may belong to another system than the named API.
                Some(api_url) => match self.endpoints().await {
                    Ok(endpoints) if endpoints.api_url == api_url.trim_end_matches('/') => {
                        endpoints.aws_endpoint_url
                    }
                    _ => {
                        return Err(UsageError(format!(
                            "the AWS endpoint of the system at {} is not known: give --aws-endpoint-url too, or \
                             --data-dir instead of --api-url and ORDERS_API_URL",
                            quote(api_url)
                        ))
                        .into());
                    }
                },
            },
        };
        Ok(url.trim_end_matches('/').to_owned())
    }

    /// The API's URL that an option or the environment names. On this machine an explicit data directory is stronger than
    /// the environment.
    fn named_api_url(&self) -> Option<&str> {
        let is_used = self.target == Target::Aws || self.data_dir.is_none();
        let of_environment = self.environment.api_url.as_ref().filter(|_| is_used);
        Self::non_empty(self.api_url.as_ref().or(of_environment))
    }

    /// A data directory and a URL may name two systems.
    fn refuse_two_systems(&self) -> Result<(), UsageError> {
        let is_named = self.api_url.is_some() || self.aws_endpoint_url.is_some();
        if self.target == Target::Local && self.data_dir.is_some() && is_named {
            return Err(UsageError(
                "--data-dir names a system and its URLs: leave out --api-url and --aws-endpoint-url, or --data-dir"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Where the system of the data directory answers, if it runs and is the one that answers there.
    async fn endpoints(&self) -> anyhow::Result<local::Endpoints> {
        let endpoints = local::endpoints(self.data_dir())?;
        let is_verified = |id: &str| self.verified.lock().is_ok_and(|verified| *verified == id);
        if !is_verified(&endpoints.instance_id) {
            local::verify(&endpoints, self.data_dir()).await?;
            if let Ok(mut verified) = self.verified.lock() {
                verified.clone_from(&endpoints.instance_id);
            }
        }
        Ok(endpoints)
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
            Resource::EmailsDeliveryDlqUrl => &self.emails_delivery_dlq_url,
            Resource::CoversFailedQueueUrl => &self.covers_failed_queue_url,
            Resource::OrdersTableName => &self.orders_table,
            Resource::ClaimsTableName => &self.claims_table,
            Resource::OrderEventsTopicArn => &self.order_events_topic_arn,
            Resource::OrderEmailsTopicArn => &self.order_emails_topic_arn,
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

    /// The name of the stack on AWS.
    #[must_use]
    pub fn stack_name(&self) -> &str {
        &self.stack
    }

    /// When the stack on AWS was created, in RFC 3339. `None` on this machine.
    pub async fn created_at(&self) -> anyhow::Result<Option<String>> {
        Ok(self.stack().await?.created_at().map(str::to_owned))
    }

    /// An output of the stack that says how it is set up. `None` if it has none: an older stack, or no stack at all.
    pub async fn setting(&self, output: &str) -> anyhow::Result<Option<String>> {
        Ok(self.stack().await?.output(output).ok().map(str::to_owned))
    }

    /// The stack. It is read at most once, and only if an option does not name what is needed.
    async fn stack(&self) -> anyhow::Result<&Stack> {
        self.known_stack
            .get_or_try_init(async || match self.target {
                // The outputs in the data directory may belong to another system than the given endpoint.
                Target::Local if self.aws_endpoint_url.is_some() => Ok(Stack::default()),
                Target::Local => local::stack(self.data_dir()),
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
        match self.target {
            Target::Local => {
                let url = self.local_endpoint_url().await?;
                Ok(sdk::local(&url, self.local_operator(&url)))
            }
            Target::Aws => {
                let of_environment = self.environment.aws_endpoint_url.as_ref();
                let endpoint_url = self.aws_endpoint_url.as_ref().or(of_environment);
                if let Some(url) = endpoint_url {
                    http::parse_url(url).map_err(|reason| {
                        UsageError(format!("AWS_ENDPOINT_URL is {}: {reason}", quote(url)))
                    })?;
                }
                sdk::aws(AwsSettings {
                    region: Self::non_empty(self.region.as_ref()),
                    profile: Self::non_empty(self.profile.as_ref()),
                    endpoint_url: Self::non_empty(endpoint_url),
                })
                .await
            }
        }
    }

    /// The operator's access key on this machine. With `up --strict-keys` it is the one that was given, or that the data
    /// directory names, as long as its endpoint is the one that is called.
    fn local_operator(&self, url: &str) -> Credentials {
        let key = self.operator_key.clone().or_else(|| {
            let endpoints = local::endpoints(self.data_dir()).ok()?;
            let is_called = endpoints.aws_endpoint_url.trim_end_matches('/') == url;
            endpoints.operator.filter(|_| is_called)
        });
        let (id, secret) = key.map_or((OPERATOR.to_owned(), OPERATOR.to_owned()), |key| {
            (key.access_key_id, key.secret_access_key)
        });
        Credentials::new(id, secret, None, None, "orderctl")
    }

    /// The control of the system on this machine. It keeps its connections from one call to the next.
    pub async fn local_control(&self) -> anyhow::Result<LocalControl> {
        let url = self.local_endpoint_url().await?;
        let mut known = self.known_control.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(control) = known.as_ref().filter(|control| control.is_of(&url)) {
            return Ok(control.clone());
        }
        Ok(known.insert(LocalControl::of(url)?).clone())
    }

    /// A client for the paths of the local system that AWS does not have.
    pub fn local_http(&self, url: &str) -> anyhow::Result<reqwest::Client> {
        http::client_for(url, REQUEST_TIMEOUT)
    }

    /// A value that is given. An empty environment variable counts as not given.
    fn non_empty(value: Option<&String>) -> Option<&str> {
        value.map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// The configuration of an SDK for the tests of other modules.
#[cfg(test)]
pub(crate) fn sdk_config_for_tests(url: &str, timeout: std::time::Duration) -> SdkConfig {
    let timeouts = aws_config::timeout::TimeoutConfig::builder().operation_timeout(timeout);
    let credentials = Credentials::new(OPERATOR, OPERATOR, None, None, "orderctl");
    let config = sdk::local(url, credentials).into_builder();
    config.timeout_config(timeouts.build()).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(data_dir: &std::path::Path) -> Connection {
        Connection {
            stack: "orders".to_owned(),
            ..Connection::local(data_dir.to_owned())
        }
    }

    fn write_endpoints(directory: &std::path::Path) {
        let endpoints = r#"{"api_url": "http://a", "aws_endpoint_url": "http://b", "data_dir": null}"#;
        std::fs::write(directory.join("endpoints.json"), endpoints).unwrap();
    }

    #[tokio::test]
    async fn an_error_says_how_to_start_the_system() {
        let directory = tempfile::tempdir().unwrap();
        let connection = local(directory.path());
        let error = connection.api_url().await.unwrap_err();
        assert!(error.is::<terminal::exit::UnreachableError>());
        let error = error.to_string();
        assert!(error.starts_with("nothing runs here: start it with `"), "{error}");
        assert!(error.contains(&directory.path().display().to_string()), "{error}");
    }

    #[tokio::test]
    async fn a_queue_is_named_by_an_option() {
        let directory = tempfile::tempdir().unwrap();
        let connection = Connection {
            orders_dlq_url: Some("http://b/0/other-dlq".to_owned()),
            ..local(directory.path())
        };
        let resource = async |resource| connection.resource(resource).await.unwrap();
        assert_eq!(resource(Resource::OrdersDlqUrl).await, "http://b/0/other-dlq");
        assert_eq!(resource(Resource::OrdersTableName).await, "orders");
    }

    /// The environment names systems A and B. The data directory names another.
    fn hostile() -> Environment {
        Environment {
            api_url: Some("http://of-environment".to_owned()),
            aws_endpoint_url: Some("http://also-of-environment".to_owned()),
        }
    }

    #[tokio::test]
    async fn an_explicit_data_directory_is_stronger_than_the_environment() {
        let directory = tempfile::tempdir().unwrap();
        write_endpoints(directory.path());
        let connection = Connection {
            environment: hostile(),
            ..local(directory.path())
        };
        assert_eq!(connection.api_url().await.unwrap(), "http://a");
        assert_eq!(connection.local_endpoint_url().await.unwrap(), "http://b");
        let config = connection.sdk_config().await.unwrap();
        assert_eq!(config.endpoint_url(), Some("http://b"));
    }

    #[tokio::test]
    async fn two_systems_are_never_mixed() {
        let directory = tempfile::tempdir().unwrap();
        write_endpoints(directory.path());
        let url = || Some("http://given".to_owned());
        let is_usage = |error: anyhow::Error| error.is::<UsageError>();
        for connection in [
            // The API of one system, and no endpoint.
            Connection {
                api_url: url(),
                ..Connection::default()
            },
            Connection {
                environment: hostile(),
                ..Connection::default()
            },
            // The data directory and a URL.
            Connection {
                aws_endpoint_url: url(),
                ..local(directory.path())
            },
        ] {
            assert!(is_usage(connection.local_endpoint_url().await.unwrap_err()));
            assert!(is_usage(connection.sdk_config().await.unwrap_err()));
        }
        let connection = Connection {
            aws_endpoint_url: url(),
            ..Connection::default()
        };
        assert!(is_usage(connection.api_url().await.unwrap_err()));
        let connection = Connection {
            api_url: url(),
            ..local(directory.path())
        };
        assert!(is_usage(connection.api_url().await.unwrap_err()));
    }

    #[tokio::test]
    async fn a_url_of_the_environment_without_a_scheme_is_wrong_usage() {
        let connection = Connection {
            environment: Environment {
                api_url: Some("127.0.0.1:8080".to_owned()),
                aws_endpoint_url: Some("nonsense".to_owned()),
            },
            ..Connection::default()
        };
        let error = connection.api_url().await.unwrap_err();
        assert!(
            error.is::<UsageError>() && error.to_string().contains("http://127.0.0.1:8080"),
            "{error}"
        );
        let connection = Connection {
            target: Target::Aws,
            ..connection
        };
        let error = connection.sdk_config().await.unwrap_err();
        assert!(
            error.to_string().starts_with("AWS_ENDPOINT_URL is nonsense: "),
            "{error}"
        );
    }

    #[test]
    fn a_hint_names_the_same_system() {
        assert_eq!(Connection::default().options(), "");
        assert_eq!(local(Path::new("my data")).options(), " --data-dir 'my data'");
        let aws = Connection {
            target: Target::Aws,
            stack: "staging".to_owned(),
            region: Some("eu-west-1".to_owned()),
            ..Connection::default()
        };
        assert_eq!(aws.options(), " --target aws --stack staging --region eu-west-1");
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
