//! The functions of a stack, with what invokes them.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::net::TcpListener;

use super::{StartError, role};
use crate::config::LocalCloudConfig;
use crate::data_dir::DataDir;
use crate::iam::Caller;
use crate::lambda::event_source::EventSource;
use crate::lambda::{Credentials, Function, FunctionSettings, LogSink};
use crate::rest_api::{ApiContext, RestApi, Routes};
use crate::services::Services;
use crate::template::{self, Place, Stack};

/// Functions, event sources and the REST API.
#[derive(Debug)]
pub(super) struct Compute {
    functions: BTreeMap<String, Function>,
    event_sources: Vec<EventSource>,
    rest_api: Option<RestApi>,
}

impl Compute {
    /// Starts everything of the stack that computes.
    pub(super) fn start(
        config: &LocalCloudConfig,
        stack: &Stack,
        place: &Place,
        services: &Services,
        data_dir: Option<&DataDir>,
        api_listener: TcpListener,
    ) -> Result<Self, StartError> {
        let mut functions = BTreeMap::new();
        let mut callers = BTreeMap::new();
        services.iam().set_roles(&stack.roles);
        for function in &stack.functions {
            let caller = role::of(function, &stack.roles)?;
            let log = match &caller {
                Some(caller) if !role::may_log(services.iam(), caller, function, place) => {
                    LogSink::nowhere(&function.name)
                }
                _ => log(function, data_dir)?,
            };
            let settings = settings(config, function, place, services, log);
            if let Some(caller) = caller {
                if let Caller::Role { role, session } = &caller {
                    let key = &settings.credentials.access_key_id;
                    services.credentials.register(key, role, session);
                }
                callers.insert(function.name.clone(), caller);
            }
            functions.insert(function.name.clone(), Function::new(settings));
        }
        let known = |referrer: &str, name: &str| {
            functions
                .get(name)
                .cloned()
                .ok_or_else(|| StartError::NoSuchFunction {
                    referrer: referrer.to_owned(),
                    function: name.to_owned(),
                })
        };
        let rest_api = match &stack.api {
            None => None,
            Some(api) => {
                for route in &api.routes {
                    known(&format!("{} {}", route.method, route.path), &route.function_name)?;
                }
                let context = ApiContext {
                    account_id: place.account_id.clone(),
                    api_id: api.id.clone(),
                    stage: api.stage.clone(),
                };
                Some(RestApi::start(
                    api_listener,
                    context,
                    Routes::new(&api.routes),
                    functions.clone(),
                ))
            }
        };
        let mut mapped = Vec::new();
        for mapping in stack
            .event_source_mappings
            .iter()
            .filter(|mapping| mapping.enabled)
        {
            mapped.push((mapping, known(&mapping.id, &mapping.function_name)?));
        }
        let event_sources = mapped
            .into_iter()
            .map(|(mapping, function)| {
                let (sqs, faults) = (services.sqs.clone(), services.faults.clone());
                let caller = callers.get(&mapping.function_name).cloned();
                EventSource::start(mapping, sqs, faults, function, caller)
            })
            .collect();
        Ok(Self {
            functions,
            event_sources,
            rest_api,
        })
    }

    /// Starts a process of each function. One that fails is told: its invocations will try again.
    pub(super) async fn warm(&self) {
        join_all(self.functions.values().map(async |function| {
            if let Err(error) = function.warm().await {
                tracing::error!(function = function.settings().name, %error, "a function does not start");
            }
        }))
        .await;
    }

    pub(super) fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }

    /// Takes no work any more, lets that which runs end within `grace`, and ends every process.
    pub(super) async fn stop(&self, grace: Duration) {
        if let Some(rest_api) = &self.rest_api {
            rest_api.stop();
        }
        for event_source in &self.event_sources {
            event_source.stop();
        }
        join_all(self.functions.values().map(|function| function.stop(grace))).await;
        join_all(self.event_sources.iter().map(EventSource::finished)).await;
    }
}

fn log(function: &template::Function, data_dir: Option<&DataDir>) -> Result<LogSink, StartError> {
    let Some(data_dir) = data_dir else {
        return Ok(LogSink::tracing(&function.name));
    };
    LogSink::file(&function.name, &data_dir.logs()).map_err(|source| StartError::Log {
        function: function.name.clone(),
        source,
    })
}

fn settings(
    config: &LocalCloudConfig,
    function: &template::Function,
    place: &Place,
    services: &Services,
    log: LogSink,
) -> FunctionSettings {
    let reserved = function
        .reserved_concurrency
        .unwrap_or(config.function_concurrency);
    FunctionSettings {
        name: function.name.clone(),
        arn: function.arn.clone(),
        binary: function.binary.clone(),
        handler: function.handler.clone(),
        memory_megabytes: function.memory_megabytes,
        timeout: function.timeout,
        environment: function.environment.clone(),
        concurrency: reserved.min(config.function_concurrency),
        region: place.region.clone(),
        aws_endpoint_url: place.aws_endpoint_url.clone(),
        credentials: Credentials::generate(),
        launcher: config.launcher.clone(),
        log,
        faults: services.faults.clone(),
    }
}
