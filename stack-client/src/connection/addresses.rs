//! The URLs of the system: those of options and of the environment, or those that its data directory or its stack names.

use terminal::exit::UsageError;
use terminal::text::quote;

use super::{Connection, Target, http, local};

impl Connection {
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
    pub(super) fn named_api_url(&self) -> Option<&str> {
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
    pub(super) async fn endpoints(&self) -> anyhow::Result<local::Endpoints> {
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
}
