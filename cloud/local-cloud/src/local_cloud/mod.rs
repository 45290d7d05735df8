//! Starting everything, in order, and stopping it again.

mod compute;
mod error;
mod ports;
mod role;
mod running;

pub use error::StartError;
pub use running::Running;

use tokio::net::TcpListener;

use crate::config::{DataLocation, LocalCloudConfig};
use crate::data_dir::{DataDir, Endpoints};
use crate::deploy;
use crate::gateway::Gateway;
use crate::services::{Services, ServicesConfig};
use crate::template::{Place, Stack};
use compute::Compute;

/// The region of everything local.
const REGION: &str = "us-east-1";
/// The name that the template's stack has here.
const STACK_NAME: &str = "orders";

/// One machine's AWS.
#[derive(Debug)]
pub struct LocalCloud;

impl LocalCloud {
    /// Starts the services, brings them to what the template says, and starts its functions.
    ///
    /// Everything that can be refused without touching the state (the lock, the ports, the template) is tried first.
    pub async fn start(config: LocalCloudConfig) -> Result<Running, StartError> {
        let data_dir = match &config.data {
            DataLocation::Directory(path) => Some(DataDir::open(path)?),
            DataLocation::Ephemeral => None,
        };
        let (aws_listener, aws_endpoint_url) = ports::bind(config.aws_port, "--aws-port").await?;
        let (api_listener, api_url) = ports::bind(config.api_port, "--api-port").await?;
        let place = Place {
            region: REGION.to_owned(),
            account_id: crate::sqs::ACCOUNT.to_owned(),
            stack_name: STACK_NAME.to_owned(),
            aws_endpoint_url,
            api_url,
        };
        let stack = Stack::load(&config.template, &config.parameters, &place)?;

        let services = Services::open(ServicesConfig {
            base_url: place.aws_endpoint_url.clone(),
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
            place,
            aws_listener,
            api_listener,
        );
        match started.await {
            Ok((stack, endpoints, gateway, compute)) => Ok(Running::new(
                endpoints, stack, compute, gateway, services, data_dir,
            )),
            Err(error) => {
                services.close().await;
                Err(error)
            }
        }
    }

    /// What is started on open services; they are the caller's to close.
    async fn start_on(
        config: &LocalCloudConfig,
        services: &Services,
        data_dir: Option<&DataDir>,
        stack: Stack,
        place: Place,
        aws_listener: TcpListener,
        api_listener: TcpListener,
    ) -> Result<(Stack, Endpoints, Gateway, Compute), StartError> {
        deploy::converge(&stack, services, config.confirm_emails).await?;
        let gateway = Gateway::start(aws_listener, services.clone()).map_err(StartError::Gateway)?;
        let compute = Compute::start(config, &stack, &place, services, data_dir, api_listener)?;
        compute.warm().await;
        let endpoints = Endpoints {
            api_url: place.api_url,
            aws_endpoint_url: place.aws_endpoint_url,
            data_dir: data_dir.map(|data_dir| data_dir.path().to_owned()),
        };
        if let Some(data_dir) = data_dir {
            data_dir.write_outputs(&stack.outputs)?;
            data_dir.write_endpoints(&endpoints)?;
        }
        Ok((stack, endpoints, gateway, compute))
    }
}

#[cfg(test)]
mod tests;
