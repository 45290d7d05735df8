//! Clients of the API and of the catalogue, with the authorization that they ask for.

use anyhow::Context;
use terminal::exit::UsageError;
use terminal::text::quote;

use super::defaults::REQUEST_TIMEOUT;
use super::{Connection, Target, http, local};
use crate::api::{Api, ApiAuth};

impl Connection {
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
}
