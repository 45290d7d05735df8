//! Starts everything in order, and stops it again.

mod compute;
mod error;
mod monitoring;
mod ports;
mod rest_api;
mod role;
mod running;

pub use error::StartError;
pub use running::Running;

use std::time::Duration;

use cloud_cloudformation::{Stack, StackLocation};
use cloud_data_dir::{DataDir, Endpoints, OperatorKey};
use cloud_endpoint::{AwsEndpoint, Deployment};
use cloud_http::Listener;
use cloud_iam::AccessKeys;
use cloud_lambda::Credentials;
use cloud_wire::{ACCOUNT, REGION};

use crate::config::{DataLocation, LocalCloudConfig};
use crate::deploy;
use crate::services::{Services, ServicesConfig};
use compute::Compute;

/// The name of the local stack.
const STACK_NAME: &str = "orders";

/// AWS on one machine.
#[derive(Debug)]
pub struct LocalCloud;

impl LocalCloud {
    /// Starts the services, creates and updates the resources of the template, and starts its functions.
    ///
    /// Checks that do not change the state (the lock, the ports, the template) come first.
    pub async fn start(config: LocalCloudConfig) -> Result<Running, StartError> {
        let data_dir = match &config.data {
            DataLocation::Directory(path) => Some(DataDir::open(path)?),
            DataLocation::Ephemeral => None,
        };
        let (aws_listener, aws_endpoint_url) = ports::bind(config.aws_port, "--aws-port").await?;
        let (api_listener, api_url) = ports::bind(config.api_port, "--api-port").await?;
        let location = StackLocation {
            region: REGION.to_owned(),
            account_id: ACCOUNT.to_owned(),
            stack_name: STACK_NAME.to_owned(),
            aws_endpoint_url,
            api_url,
        };
        let stack = Stack::load(&config.template, &config.parameters, &location)?;

        let operator = config.strict_keys.then(generate_operator_key);
        let access_keys = match &operator {
            Some(key) => AccessKeys::strict(&key.access_key_id),
            None => AccessKeys::default(),
        };
        let services = Services::open(ServicesConfig {
            access_keys,
            base_url: location.aws_endpoint_url.clone(),
            region: REGION.to_owned(),
            directory: data_dir.as_ref().map(|data_dir| data_dir.path().to_owned()),
            durability: config.durability,
            confirm_emails: config.confirm_emails,
        })
        .await?;
        services.faults.set(config.faults.clone());
        if let Some(keep) = config.keep_mail {
            tokio::spawn(services.mailbox.clone().run_retention(keep));
        }
        let started = Self::start_on(
            &config,
            &services,
            data_dir.as_ref(),
            stack,
            location,
            (aws_listener, api_listener),
            operator,
        );
        match started.await {
            Ok((stack, endpoints, aws_endpoint, compute)) => Ok(Running::new(
                endpoints,
                stack,
                compute,
                aws_endpoint,
                services,
                data_dir,
            )),
            Err(error) => {
                services.close().await;
                Err(error)
            }
        }
    }

    /// Starts everything that needs open services. If it fails, the caller closes the services.
    async fn start_on(
        config: &LocalCloudConfig,
        services: &Services,
        data_dir: Option<&DataDir>,
        stack: Stack,
        location: StackLocation,
        (aws_listener, api_listener): (Listener, Listener),
        operator: Option<OperatorKey>,
    ) -> Result<(Stack, Endpoints, AwsEndpoint, Compute), StartError> {
        deploy::converge(&stack, services, config.confirm_emails).await?;
        let aws_endpoint = AwsEndpoint::start(aws_listener, services.backend());
        let compute = Compute::start(config, &stack, &location, services, data_dir, api_listener)?;
        services.instance.deployed(Deployment {
            stack_name: location.stack_name.clone(),
            functions: compute.states(),
        });
        services
            .cloud_watch
            .deploy(stack.metric_filters.clone(), stack.alarms.clone());
        if let Err(error) = compute.warm().await {
            compute.stop(Duration::ZERO).await;
            aws_endpoint.stop().await;
            return Err(error);
        }
        let pages = config.pages.as_ref().filter(|_| stack.api.is_some());
        let endpoints = Endpoints {
            console_url: pages.map(|pages| format!("{}{}", location.api_url, pages.path)),
            api_url: location.api_url,
            aws_endpoint_url: location.aws_endpoint_url,
            data_dir: data_dir.map(|data_dir| data_dir.path().to_owned()),
            instance_id: services.instance.id(),
            operator,
        };
        if let Some(data_dir) = data_dir {
            data_dir.write_outputs(&stack.outputs)?;
            data_dir.write_endpoints(&endpoints)?;
        }
        Ok((stack, endpoints, aws_endpoint, compute))
    }
}

/// A new key for each start, in the form of long-term credentials: `AKIA` and 16 letters and digits.
fn generate_operator_key() -> OperatorKey {
    let random = Credentials::generate();
    OperatorKey {
        access_key_id: random.access_key_id.replacen("ASIA", "AKIA", 1),
        secret_access_key: random.secret_access_key,
    }
}

#[cfg(test)]
mod tests;
