//! Finding the running system.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use local_cloud::data_dir::Endpoints;

use crate::invocation;

/// The region that everything local is in.
const REGION: &str = "us-east-1";
/// The operator's access key and secret: locally, every key that is no function's is the operator's.
const OPERATOR: &str = "operator";
/// A request's time-out; longer than the 20 seconds that the mailbox may wait.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Where the running system is.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Where the system is")]
pub(crate) struct Connection {
    /// Directory that `up` keeps its state in, and by which the other commands find it
    #[arg(long, global = true, value_name = "DIR", default_value = ".orders")]
    pub(crate) data_dir: PathBuf,
    /// The API, instead of the one in the data directory
    #[arg(long, global = true, value_name = "URL", env = "ORDERS_API_URL")]
    pub(crate) api_url: Option<String>,
    /// The AWS endpoint, instead of the one in the data directory
    #[arg(long, global = true, value_name = "URL", env = "AWS_ENDPOINT_URL")]
    pub(crate) aws_endpoint_url: Option<String>,
}

impl Connection {
    /// The API's URL, without a slash at its end.
    pub(crate) fn api_url(&self) -> anyhow::Result<String> {
        self.choose(self.api_url.as_deref(), |endpoints| endpoints.api_url)
    }

    /// The AWS endpoint's URL, without a slash at its end.
    pub(crate) fn aws_endpoint_url(&self) -> anyhow::Result<String> {
        self.choose(self.aws_endpoint_url.as_deref(), |endpoints| {
            endpoints.aws_endpoint_url
        })
    }

    fn choose(&self, given: Option<&str>, field: fn(Endpoints) -> String) -> anyhow::Result<String> {
        let url = match given.filter(|url| !url.is_empty()) {
            Some(url) => url.to_owned(),
            None => field(self.endpoints()?),
        };
        Ok(url.trim_end_matches('/').to_owned())
    }

    fn endpoints(&self) -> anyhow::Result<Endpoints> {
        let directory = self.data_dir.display();
        Endpoints::read(&self.data_dir).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => anyhow::anyhow!(
                "nothing runs here: start it with `{} up`, or name it by --data-dir, or by --api-url and \
                 --aws-endpoint-url (looked in {directory})",
                invocation::program()
            ),
            _ => anyhow::Error::new(error).context(format!("the endpoints in {directory} cannot be read")),
        })
    }

    /// A client of the queues.
    pub(crate) async fn sqs(&self) -> anyhow::Result<aws_sdk_sqs::Client> {
        Ok(aws_sdk_sqs::Client::new(&self.sdk_config().await?))
    }

    /// What every SDK client here is made of. A call that hangs ends: the system may be killed under it.
    pub(crate) async fn sdk_config(&self) -> anyhow::Result<SdkConfig> {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(REQUEST_TIMEOUT)
            .build();
        Ok(aws_config::defaults(BehaviorVersion::v2026_01_12())
            .region(Region::from_static(REGION))
            .endpoint_url(self.aws_endpoint_url()?)
            .credentials_provider(Credentials::new(OPERATOR, OPERATOR, None, None, "orderctl"))
            .timeout_config(timeouts)
            .load()
            .await)
    }
}

/// A client for the API and the mailbox. It goes past any proxy: these answer on loopback.
pub(crate) fn http() -> anyhow::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(REQUEST_TIMEOUT)
        .build()
        .context("no HTTP client")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_running_is_said_with_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let connection = Connection {
            data_dir: directory.path().to_owned(),
            ..Connection::default()
        };
        let error = connection.api_url().unwrap_err().to_string();
        assert!(error.starts_with("nothing runs here: start it with `"), "{error}");
        assert!(error.contains(&directory.path().display().to_string()), "{error}");
    }

    #[test]
    fn what_is_given_comes_before_the_directory() {
        let directory = tempfile::tempdir().unwrap();
        let endpoints = r#"{"api_url": "http://a", "aws_endpoint_url": "http://b", "data_dir": null}"#;
        std::fs::write(directory.path().join("endpoints.json"), endpoints).unwrap();
        let connection = Connection {
            data_dir: directory.path().to_owned(),
            api_url: Some("http://given/".to_owned()),
            aws_endpoint_url: Some(String::new()),
        };
        assert_eq!(connection.api_url().unwrap(), "http://given");
        assert_eq!(connection.aws_endpoint_url().unwrap(), "http://b");
    }
}
