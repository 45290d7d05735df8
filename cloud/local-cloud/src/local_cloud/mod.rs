//! Starts everything in order, and stops it again.

mod compute;
mod error;
mod ports;
mod role;
mod running;

pub use error::StartError;
pub use running::Running;

use cloud_cloudformation::{Stack, StackLocation};
use cloud_data_dir::{DataDir, Endpoints};
use cloud_endpoint::{AwsEndpoint, Deployment};
use cloud_wire::{ACCOUNT, REGION};
use tokio::net::TcpListener;

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

        let services = Services::open(ServicesConfig {
            base_url: location.aws_endpoint_url.clone(),
            region: REGION.to_owned(),
            directory: data_dir.as_ref().map(|data_dir| data_dir.path().to_owned()),
            durability: config.durability,
            confirm_emails: config.confirm_emails,
        })
        .await?;
        services.faults.set(config.faults.clone());
        let started = Self::start_on(
            &config,
            &services,
            data_dir.as_ref(),
            stack,
            location,
            aws_listener,
            api_listener,
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
        aws_listener: TcpListener,
        api_listener: TcpListener,
    ) -> Result<(Stack, Endpoints, AwsEndpoint, Compute), StartError> {
        deploy::converge(&stack, services, config.confirm_emails).await?;
        let aws_endpoint =
            AwsEndpoint::start(aws_listener, services.backend()).map_err(StartError::AwsEndpoint)?;
        let compute = Compute::start(config, &stack, &location, services, data_dir, api_listener)?;
        services.instance.deployed(Deployment {
            stack_name: location.stack_name.clone(),
            functions: compute.states(),
        });
        compute.warm().await;
        let endpoints = Endpoints {
            api_url: location.api_url,
            aws_endpoint_url: location.aws_endpoint_url,
            data_dir: data_dir.map(|data_dir| data_dir.path().to_owned()),
            instance_id: services.instance.id(),
        };
        if let Some(data_dir) = data_dir {
            data_dir.write_outputs(&stack.outputs)?;
            data_dir.write_endpoints(&endpoints)?;
        }
        Ok((stack, endpoints, aws_endpoint, compute))
    }
}

#[cfg(test)]
mod tests;
