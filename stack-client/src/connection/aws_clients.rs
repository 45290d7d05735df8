//! Clients of AWS, and of the endpoint on this machine.

use std::sync::PoisonError;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use terminal::exit::UsageError;
use terminal::text::quote;

use super::defaults::{OPERATOR, REQUEST_TIMEOUT};
use super::sdk::{self, AwsSettings};
use super::{Connection, LocalControl, Target, http, local};

impl Connection {
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
}
