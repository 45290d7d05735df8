//! A local cloud that runs.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use cloud_cloudformation::{Stack, Subscription};
use cloud_data_dir::{DataDir, Endpoints};
use cloud_endpoint::AwsEndpoint;
use cloud_iam::Denials;
use cloud_lambda::{Credentials, InvokeError};

use super::compute::Compute;
use crate::services::Services;

/// How long invocations may go on when the system stops.
const INVOCATION_GRACE: Duration = Duration::from_millis(800);

/// A local cloud that runs until it is stopped. When it is dropped instead, its processes are killed.
#[derive(Debug)]
pub struct Running {
    endpoints: Endpoints,
    stack: Stack,
    compute: Compute,
    aws_endpoint: AwsEndpoint,
    services: Services,
    data_dir: Option<DataDir>,
}

impl Running {
    pub(super) fn new(
        endpoints: Endpoints,
        stack: Stack,
        compute: Compute,
        aws_endpoint: AwsEndpoint,
        services: Services,
        data_dir: Option<DataDir>,
    ) -> Self {
        Self {
            endpoints,
            stack,
            compute,
            aws_endpoint,
            services,
            data_dir,
        }
    }

    /// Where it answers.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The stack's outputs by name.
    #[must_use]
    pub fn outputs(&self) -> &BTreeMap<String, String> {
        &self.stack.outputs
    }

    /// The subscriptions that the template declares.
    #[must_use]
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.stack.subscriptions
    }

    /// What the template says, resolved.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Invokes a function by its physical name; `None` if there is none of this name.
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Option<Result<Bytes, InvokeError>> {
        let function = self.compute.function(function)?;
        Some(function.invoke(payload).await)
    }

    /// The credentials that a function calls with, by its physical name; `None` if there is none of this name.
    #[must_use]
    pub fn credentials(&self, function: &str) -> Option<&Credentials> {
        Some(&self.compute.function(function)?.settings().credentials)
    }

    /// What functions and services were refused since the start.
    #[must_use]
    pub fn denials(&self) -> &Denials {
        self.services.iam().denials()
    }

    /// The services behind the AWS endpoint: queues, topics, tables and the mailbox.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Stops everything within 2 seconds: no process of it is left, and all that was acknowledged is in the store.
    pub async fn stop(self) {
        if let Some(data_dir) = &self.data_dir
            && let Err(error) = data_dir.remove_endpoints()
        {
            tracing::warn!(%error, "the endpoints file stays behind");
        }
        self.compute.stop(INVOCATION_GRACE).await;
        self.aws_endpoint.stop().await;
        self.services.close().await;
    }
}
