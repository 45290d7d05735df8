//! A client of the orders API that authorizes each request.

pub(crate) mod signature;

use std::time::SystemTime;

use anyhow::Context;
use aws_config::SdkConfig;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{RequestBuilder, Response};

use signature::{API_GATEWAY, Signer};

/// The header from which API Gateway reads an API key.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// How the API authorizes its callers: the parameter `ApiAuth` of `template.yaml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ApiAuth {
    /// IAM: requests are signed (Signature Version 4)
    Iam,
    /// An API key of a usage plan
    ApiKey,
    /// None
    None,
}

/// The orders API.
#[derive(Debug)]
pub struct Api {
    client: reqwest::Client,
    url: String,
    access: Access,
}

#[derive(Debug)]
enum Access {
    Open,
    Key(HeaderValue),
    Signed(Signer),
}

/// A request without a response.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// The request was not sent, since it could not be built or signed.
    #[error("the request could not be signed: {0:#}")]
    Unsigned(anyhow::Error),
    /// The request had no response.
    #[error(transparent)]
    Unanswered(#[from] reqwest::Error),
}

impl ApiError {
    /// Whether the same request may succeed a moment later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unsigned(_) => false,
            Self::Unanswered(error) => error.is_connect() || error.is_timeout() || error.is_request(),
        }
    }
}

impl Api {
    /// An API without authorization. `url` has no slash at its end.
    #[must_use]
    pub fn open(client: reqwest::Client, url: String) -> Self {
        Self {
            client,
            url,
            access: Access::Open,
        }
    }

    /// An API that asks for an API key.
    pub fn with_key(client: reqwest::Client, url: String, key: &str) -> anyhow::Result<Self> {
        let mut key =
            HeaderValue::from_str(key).context("the API key holds characters that no header can")?;
        key.set_sensitive(true);
        Ok(Self {
            client,
            url,
            access: Access::Key(key),
        })
    }

    /// An API that authorizes its callers by IAM.
    pub fn signed(client: reqwest::Client, url: String, config: &SdkConfig) -> anyhow::Result<Self> {
        Ok(Self {
            client,
            url,
            access: Access::Signed(Signer::new(config, API_GATEWAY)?),
        })
    }

    /// The URL of a path such as `/orders`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Begins a GET of a path.
    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    /// Begins a POST to a path.
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    /// Authorizes and sends a request. To retry, build the request again: a signature expires after five minutes.
    pub async fn send(&self, request: RequestBuilder) -> Result<Response, ApiError> {
        let mut request = request.build()?;
        match &self.access {
            Access::Open => {}
            Access::Key(key) => {
                request.headers_mut().insert(API_KEY, key.clone());
            }
            Access::Signed(signer) => signer
                .sign(&mut request, SystemTime::now())
                .await
                .map_err(ApiError::Unsigned)?,
        }
        Ok(self.client.execute(request).await?)
    }
}
