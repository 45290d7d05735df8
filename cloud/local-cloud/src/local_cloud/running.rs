//! A running local cloud.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use cloud_cloudformation::{Stack, Subscription};
use cloud_data_dir::{DataDir, Endpoints};
use cloud_endpoint::AwsEndpoint;
use cloud_iam::Denials;
use cloud_lambda::{Credentials, InvokeError};

use super::compute::Compute;
use super::monitoring::Monitoring;
use crate::services::Services;

/// How long invocations may continue when the system stops.
const INVOCATION_GRACE: Duration = Duration::from_millis(800);

/// A running local cloud. Dropping it without [`Running::stop`] kills its processes.
#[derive(Debug)]
pub struct Running {
    endpoints: Endpoints,
    stack: Stack,
    compute: Compute,
    aws_endpoint: AwsEndpoint,
    services: Services,
    data_dir: Option<DataDir>,
    monitoring: Monitoring,
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
            monitoring: Monitoring::start(services.cloud_watch.clone(), services.sqs.clone()),
            services,
            data_dir,
        }
    }

    /// Returns the addresses of the REST API and the AWS endpoint.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Returns the outputs of the stack by name.
    #[must_use]
    pub fn outputs(&self) -> &BTreeMap<String, String> {
        &self.stack.outputs
    }

    /// Returns the subscriptions that the template declares.
    #[must_use]
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.stack.subscriptions
    }

    /// Returns the resolved template.
    #[must_use]
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// Invokes a function by its physical name. Returns `None` if there is no such function.
    pub async fn invoke(&self, function: &str, payload: Bytes) -> Option<Result<Bytes, InvokeError>> {
        let function = self.compute.function(function)?;
        Some(function.invoke(payload).await)
    }

    /// Returns the credentials of a function by its physical name. Returns `None` if there is no such
    /// function.
    #[must_use]
    pub fn credentials(&self, function: &str) -> Option<&Credentials> {
        Some(&self.compute.function(function)?.settings().credentials)
    }

    /// Returns the calls of functions and services that were denied since the start.
    #[must_use]
    pub fn denials(&self) -> &Denials {
        self.services.iam().denials()
    }

    /// Returns the services behind the AWS endpoint: queues, topics, tables and the mailbox.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Stops everything within 2 seconds. Then no process is left, and all acknowledged writes are in the
    /// store.
    pub async fn stop(mut self) {
        if let Some(data_dir) = &self.data_dir
            && let Err(error) = data_dir.remove_endpoints()
        {
            tracing::warn!(%error, "could not remove the endpoints file");
        }
        drop(self.monitoring);
        self.compute.stop(INVOCATION_GRACE).await;
        self.aws_endpoint.stop().await;
        self.services.close().await;
    }
}
