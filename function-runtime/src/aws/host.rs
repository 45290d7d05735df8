//! Where a function runs: in a process that Lambda's runtime serves, or inside another program.

use std::time::{Duration, SystemTime};

use aws_config::{ConfigLoader, SdkConfig};
use lambda_runtime::Error;
use serde::Serialize;
use tracing::Instrument as _;

use crate::Environment;

/// Gives a function its environment and its invocations.
///
/// On AWS this is [`LambdaHost`](super::LambdaHost). A program that runs functions inside itself has a host of its own.
pub trait Host {
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<String>;

    /// All its variables.
    fn environment(&self) -> Environment<impl Fn(&str) -> Option<String>> {
        Environment::new(|name: &str| self.variable(name))
    }

    /// Loads the configuration of the SDK: what `loader` sets, and the rest from the environment.
    fn load(&self, loader: ConfigLoader) -> impl Future<Output = SdkConfig>;

    /// Passes each invocation's event, which is JSON, and its time left to `handle`, until the host ends the function.
    ///
    /// # Errors
    /// The host is gone. An error of `handle` fails its invocation alone.
    fn serve<R, E>(
        self,
        handle: impl AsyncFn(&str, Duration) -> Result<R, E>,
    ) -> impl Future<Output = Result<(), Error>>
    where
        R: Serialize,
        E: Into<Error>;
}

/// An invocation, as its host describes it.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'host> {
    /// Its id.
    pub request_id: &'host str,
    /// Lambda's trace header, such as `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`.
    pub trace_header: Option<&'host str>,
    /// When the host ends it.
    pub deadline: SystemTime,
    /// Whether it is the first one of its process.
    pub is_first: bool,
}

impl Invocation<'_> {
    /// Handles its event. Every line that is logged meanwhile has its ids.
    pub async fn handle<T>(&self, event: &str, handle: impl AsyncFnOnce(&str, Duration) -> T) -> T {
        let time_left = self
            .deadline
            .duration_since(SystemTime::now())
            .unwrap_or_default();
        let span = telemetry::invocation(self.request_id, self.trace_header, self.is_first);
        span.in_scope(|| tracing::debug!(?time_left, "the invocation begins"));
        // Boxed: the SDK's futures and the runtime's layers nest deeper than the compiler follows in one piece.
        let answer = Box::pin(handle(event, time_left).instrument(span)).await;
        telemetry::end_invocation();
        answer
    }
}
