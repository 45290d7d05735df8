//! Lambda's runtime: one invocation after the other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{ConfigLoader, SdkConfig};
use aws_credential_types::provider::ProvideCredentials as _;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::value::RawValue;

use super::host::{Host, Invocation};
use super::http_client::shared_http_client;

/// The process of a function on Lambda.
#[derive(Debug)]
pub struct LambdaHost(());

impl LambdaHost {
    /// Sets up the process: its logs and metrics.
    #[must_use]
    pub fn start() -> Self {
        telemetry::init();
        Self(())
    }
}

impl Host for LambdaHost {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    /// Lambda gives a function its credentials in variables, which are the first place where the SDK looks. To look in the other places it
    /// makes a client of STS and more at the start, whether it needs them or not. So it looks there only if the variables have none.
    async fn load(&self, loader: ConfigLoader) -> SdkConfig {
        let loader = loader.http_client(shared_http_client());
        let variables = EnvironmentVariableCredentialsProvider::new();
        if variables.provide_credentials().await.is_ok() {
            loader.credentials_provider(variables).load().await
        } else {
            loader.load().await
        }
    }

    /// The event is raw JSON: the runtime's own decoding errors quote values of the payload, and each function reads its events its own way.
    async fn serve<R, E>(self, handle: impl AsyncFn(&str, Duration) -> Result<R, E>) -> Result<(), Error>
    where
        R: Serialize,
        E: Into<Error>,
    {
        let is_cold = AtomicBool::new(true);
        let (handle, is_cold) = (&handle, &is_cold);
        lambda_runtime::run(service_fn(move |event: LambdaEvent<Box<RawValue>>| async move {
            let context = &event.context;
            let invocation = Invocation {
                request_id: &context.request_id,
                trace_header: context.xray_trace_id.as_deref(),
                deadline: context.deadline(),
                is_first: is_cold.swap(false, Ordering::Relaxed),
            };
            invocation
                .handle(event.payload.get(), handle)
                .await
                .map_err(Into::<Error>::into)
        }))
        .await
    }
}
