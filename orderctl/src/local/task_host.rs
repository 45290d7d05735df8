//! The host of a function that runs inside this program.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{ConfigLoader, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use bytes::Bytes;
use function_runtime::aws::{Host, Invocation};
use futures_util::FutureExt as _;
use lambda_runtime::{Diagnostic, Error};
use local_cloud::lambda::TaskContext;
use serde::Serialize;
use telemetry::{HostedTelemetry, Output};

use super::task_http::in_memory;

/// Gives a function the environment and the invocations of a task.
#[derive(Debug)]
pub(super) struct TaskHost {
    context: TaskContext,
    _telemetry: HostedTelemetry,
}

impl TaskHost {
    /// Sets up this thread for the function.
    pub(super) fn start(context: TaskContext) -> Self {
        let variable = |name| context.environment.get(name).map(String::as_str);
        let service = variable("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
        let log = context.log.clone();
        let output: Output = Arc::new(move |line: &[u8]| log.line(line));
        let levels = variable("RUST_LOG").unwrap_or("info");
        Self {
            _telemetry: telemetry::init_hosted(service, levels, &output),
            context,
        }
    }
}

impl Host for TaskHost {
    fn variable(&self, name: &str) -> Option<String> {
        self.context.environment.get(name).cloned()
    }

    /// Sets what the SDK would look for in the environment. This program's environment is that of its user, and not that of the function.
    async fn load(&self, loader: ConfigLoader) -> SdkConfig {
        let variable = |name| self.variable(name).unwrap_or_default();
        let credentials = Credentials::new(
            variable("AWS_ACCESS_KEY_ID"),
            variable("AWS_SECRET_ACCESS_KEY"),
            self.variable("AWS_SESSION_TOKEN"),
            None,
            "task",
        );
        loader
            // It also hides the user's configuration files, which are found by the environment.
            .empty_test_environment()
            .region(Region::new(variable("AWS_REGION")))
            .endpoint_url(variable("AWS_ENDPOINT_URL"))
            .credentials_provider(credentials)
            .http_client(in_memory(self.context.aws.clone()))
            .load()
            .await
    }

    async fn serve<R, E>(self, handle: impl AsyncFn(&str, Duration) -> Result<R, E>) -> Result<(), Error>
    where
        R: Serialize,
        E: Into<Error>,
    {
        let mut is_first = true;
        while let Some(taken) = self.context.next().await {
            let request_id = taken.request_id.to_string();
            let invocation = Invocation {
                request_id: &request_id,
                trace_header: Some(&taken.trace_header),
                deadline: taken.deadline,
                is_first: std::mem::take(&mut is_first),
            };
            let answer = async {
                let event = str::from_utf8(&taken.payload).map_err(|_| "the event is not UTF-8")?;
                let answer = invocation.handle(event, &handle).await.map_err(Into::into)?;
                Ok(serde_json::to_vec(&answer)?)
            };
            // A panic fails its invocation alone, as in Lambda's runtime.
            let answer = AssertUnwindSafe(answer).catch_unwind().await;
            let answer = answer.unwrap_or_else(|_| Err(Error::from("the function panicked")));
            let answer = answer.map(Bytes::from).map_err(diagnostic);
            self.context.answer(taken.request_id, answer);
        }
        Err("an invocation has no answer".into())
    }
}

/// The JSON of an error.
fn diagnostic(error: Error) -> Bytes {
    // Two texts are always JSON.
    serde_json::to_vec(&Diagnostic::from(error))
        .unwrap_or_default()
        .into()
}
