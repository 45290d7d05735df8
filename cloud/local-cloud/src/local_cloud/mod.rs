//! Starts everything in order, and stops it again.

mod compute;
mod error;
mod in_memory;
mod monitoring;
mod ports;
mod rest_api;
mod role;
mod running;
mod stacks;

pub use error::StartError;
pub use running::Running;

use std::time::Duration;

use cloud_cloudformation::Stack;
use cloud_data_dir::{DataDir, Endpoints, OperatorKey};
use cloud_endpoint::{AwsEndpoint, Deployment};
use cloud_http::Listener;
use cloud_iam::AccessKeys;
use cloud_lambda::Credentials;
use cloud_wire::REGION;

use crate::config::{DataLocation, LocalCloudConfig, Port};
use crate::deploy;
use crate::services::{Services, ServicesConfig};
use compute::Compute;
use stacks::{Located, STACK_NAME, Stacks};

/// AWS on one machine.
#[derive(Debug)]
pub struct LocalCloud;

impl LocalCloud {
    /// Starts the services, creates and updates the resources of the templates, and starts their functions.
    ///
    /// Checks that do not change the state (the lock, the ports, the template) come first.
    pub async fn start(config: LocalCloudConfig) -> Result<Running, StartError> {
        let data_dir = match &config.data {
            DataLocation::Directory(path) => Some(DataDir::open(path)?),
            DataLocation::Ephemeral => None,
        };
        let (aws_listener, aws_endpoint_url) =
            ports::bind(Port::Exactly(config.aws_port), "--aws-port").await?;
        let (stacks, api_listeners) = stacks::locate(&config, &aws_endpoint_url).await?;

        let operator = config.strict_keys.then(generate_operator_key);
        let access_keys = match &operator {
            Some(key) => AccessKeys::strict(&key.access_key_id, &key.secret_access_key),
            None => AccessKeys::default(),
        };
        let services = Services::open(ServicesConfig {
            access_keys,
            base_url: aws_endpoint_url.clone(),
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
            &stacks,
            (aws_listener, api_listeners),
            operator,
        );
        match started.await {
            Ok((endpoints, aws_endpoint, compute)) => Ok(Running::new(
                endpoints,
                stacks.first.stack,
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
        stacks: &Stacks,
        (aws_listener, api_listeners): (Listener, Vec<Listener>),
        operator: Option<OperatorKey>,
    ) -> Result<(Endpoints, AwsEndpoint, Compute), StartError> {
        let all: Vec<&Stack> = stacks.all().map(|located| &located.stack).collect();
        deploy::converge(&all, services, config.confirm_emails).await?;
        let aws_endpoint = AwsEndpoint::start(aws_listener, services.backend());
        let aws = in_memory::connect(&aws_endpoint);
        let mut compute = Compute::start(config, stacks, services, data_dir, &aws, api_listeners)?;
        services.instance.deployed(Deployment {
            stack_name: STACK_NAME.to_owned(),
            functions: compute.states(),
        });
        services.cloud_watch.deploy(
            all.iter()
                .flat_map(|stack| stack.metric_filters.clone())
                .collect(),
            all.iter().flat_map(|stack| stack.alarms.clone()).collect(),
        );
        if let Err(error) = compute.warm().await {
            compute.stop(Duration::ZERO).await;
            aws_endpoint.stop().await;
            return Err(error);
        }
        let Located {
            stack,
            location,
            pages,
            ..
        } = &stacks.first;
        let pages = pages.as_ref().filter(|_| stack.api.is_some());
        let mut endpoints = Endpoints {
            console_url: pages.map(|pages| format!("{}{}", location.api_url, pages.path)),
            api_url: location.api_url.clone(),
            aws_endpoint_url: location.aws_endpoint_url.clone(),
            shop_url: None,
            catalog_url: None,
            data_dir: data_dir.map(|data_dir| data_dir.path().to_owned()),
            instance_id: services.instance.id(),
            operator,
            api_key: stack.api_keys.first().and_then(|key| key.value.clone()),
        };
        for (further, located) in config.further_stacks.iter().zip(&stacks.further) {
            (further.announce)(&mut endpoints, &located.location.api_url);
        }
        if let Some(data_dir) = data_dir {
            data_dir.write_outputs(&stack.outputs)?;
            data_dir.write_endpoints(&endpoints)?;
        }
        Ok((endpoints, aws_endpoint, compute))
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
