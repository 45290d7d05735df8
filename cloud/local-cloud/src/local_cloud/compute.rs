//! The functions of a stack, what invokes them, and its REST API.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud_api_gateway::RestApi;
use cloud_async_invocation::{AsyncSettings, Runner, Target};
use cloud_cloudformation::{
    Asynchronous, EventSourceMapping, Function as DeclaredFunction, Integration, Stack, StackLocation,
    SystemLogLevel as DeclaredLogLevel,
};
use cloud_data_dir::DataDir;
use cloud_endpoint::{FunctionState, Meter, Source};
use cloud_event_source::{EventSource, EventSourceSettings};
use cloud_http::Listener;
use cloud_iam::{Caller, Role};
use cloud_lambda::{
    AwsService, Credentials, Function, FunctionMonitor, FunctionSettings, InvokeError, LogSink,
    ProcessLifetime, SystemLogLevel,
};
use futures_util::future::join_all;

use super::error::StartError;
use super::stacks::{Located, Stacks};
use super::{rest_api, role};
use crate::config::LocalCloudConfig;
use crate::services::Services;

/// The running functions, event sources and REST APIs of all stacks.
#[derive(Debug, Default)]
pub(super) struct Compute {
    functions: BTreeMap<String, Function>,
    event_sources: Vec<EventSource>,
    rest_apis: Vec<RestApi>,
    /// All functions, until the runner of asynchronous invocations has them.
    targets: Vec<Target>,
    runner: Option<Runner>,
}

impl Compute {
    /// Starts all functions, event sources and REST APIs of the stacks, each API on its listener.
    pub(super) fn start(
        config: &LocalCloudConfig,
        stacks: &Stacks,
        services: &Services,
        data_dir: Option<&DataDir>,
        aws: &AwsService,
        listeners: Vec<Listener>,
    ) -> Result<Self, StartError> {
        let roles = stacks.all().flat_map(|located| &located.stack.roles);
        services.iam().set_roles(roles.map(role_with_policies));
        let mut compute = Self::default();
        for located in &stacks.further {
            note_foreign(&services.meter, &located.stack);
        }
        for (located, listener) in stacks.all().zip(listeners) {
            compute.add(config, located, services, data_dir, aws, listener)?;
        }
        let (events, sqs) = (services.invocations.clone(), services.sqs.clone());
        compute.runner = Some(Runner::start(events, sqs, std::mem::take(&mut compute.targets)));
        Ok(compute)
    }

    /// Starts what one stack has.
    fn add(
        &mut self,
        config: &LocalCloudConfig,
        located: &Located,
        services: &Services,
        data_dir: Option<&DataDir>,
        aws: &AwsService,
        api_listener: Listener,
    ) -> Result<(), StartError> {
        let Located { stack, location, .. } = located;
        let mut functions = BTreeMap::new();
        let mut callers = BTreeMap::new();
        for function in &stack.functions {
            let caller = role::assume_role(function, &stack.roles)?;
            let log = match &caller {
                Some(caller) if !role::may_log(services.iam(), caller, function, location) => {
                    LogSink::nowhere(&function.name)
                }
                _ => open_log(function, data_dir)?
                    .watched_by(services.cloud_watch.clone(), &function.log_group)
                    .metered_by(services.meter.clone(), system_log_level(function)),
            };
            let settings = function_settings(config, function, location, services, aws.clone(), log);
            if let Some(caller) = caller {
                if let Caller::Role { role, session } = &caller {
                    let Credentials {
                        access_key_id,
                        secret_access_key,
                        ..
                    } = &settings.credentials;
                    let keys = &services.access_keys;
                    keys.register(access_key_id, secret_access_key, role, session);
                }
                callers.insert(function.name.clone(), caller);
            }
            functions.insert(function.name.clone(), Function::new(settings));
        }
        let targets = stack.functions.iter().filter_map(|declared| {
            Some(Target {
                function: functions.get(&declared.name)?.clone(),
                settings: async_settings(&declared.asynchronous),
                caller: callers.get(&declared.name).cloned(),
            })
        });
        self.targets.extend(targets);
        let known = |referrer: &str, name: &str| {
            functions
                .get(name)
                .cloned()
                .ok_or_else(|| StartError::NoSuchFunction {
                    referrer: referrer.to_owned(),
                    function: name.to_owned(),
                })
        };
        if let Some(api) = &stack.api {
            for route in &api.routes {
                if let Integration::Function(name) = &route.integration {
                    known(&format!("{} {}", route.method, route.path), name)?;
                }
            }
            let settings = rest_api::settings(located, api, services, functions.clone())?;
            self.rest_apis.push(RestApi::start(api_listener, settings));
        }
        for bucket in &stack.buckets {
            for notification in &bucket.notifications {
                let referrer = format!("the bucket {}", bucket.name);
                known(&referrer, &notification.function_name)?;
            }
        }
        let mut mapped = Vec::new();
        for mapping in stack
            .event_source_mappings
            .iter()
            .filter(|mapping| mapping.enabled)
        {
            mapped.push((mapping, known(&mapping.id, &mapping.function_name)?));
        }
        let started = mapped.into_iter().map(|(mapping, function)| {
            let (sqs, faults) = (services.sqs.clone(), services.faults.clone());
            let caller = callers.get(&mapping.function_name).cloned();
            EventSource::start(&event_source_settings(mapping), sqs, faults, function, caller)
        });
        self.event_sources.extend(started);
        self.functions.extend(functions);
        Ok(())
    }

    /// Starts a process of each function, all at the same time. Returns the failure of the first that cannot start.
    pub(super) async fn warm(&self) -> Result<(), StartError> {
        let warm = self.functions.values().map(async |function| {
            let started = match function.warm().await {
                // A busy machine can be slow once.
                Err(InvokeError::TimedOut(_)) => function.warm().await,
                started => started,
            };
            started.map_err(|error| StartError::Function {
                function: function.settings().name.clone(),
                error,
                output: function.settings().log.last_line(),
            })
        });
        join_all(warm).await.into_iter().collect()
    }

    /// Returns a closure that describes the functions as they are when it is called.
    pub(super) fn states(&self) -> Box<dyn Fn() -> Vec<FunctionState> + Send + Sync> {
        let functions: Vec<_> = self.functions.values().map(Function::monitor).collect();
        Box::new(move || {
            let conditions = functions.iter().filter_map(FunctionMonitor::condition);
            let states = conditions.map(|condition| FunctionState {
                name: condition.name,
                idle_processes: condition.idle_processes,
                start_failure: condition.start_failure,
            });
            states.collect()
        })
    }

    pub(super) fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }

    /// Accepts no more work, lets running work finish within `grace`, and ends every process.
    pub(super) async fn stop(&mut self, grace: Duration) {
        if let Some(runner) = &self.runner {
            runner.stop();
        }
        for rest_api in &self.rest_apis {
            rest_api.stop();
        }
        for event_source in &self.event_sources {
            event_source.stop();
        }
        join_all(self.functions.values().map(|function| function.stop(grace))).await;
        join_all(self.event_sources.iter().map(EventSource::finished)).await;
        if let Some(runner) = &mut self.runner {
            runner.finished().await;
        }
    }
}

/// A role of the template as IAM takes it.
fn role_with_policies(role: &cloud_cloudformation::Role) -> Role {
    Role {
        name: role.name.clone(),
        policies: role
            .policies
            .iter()
            .map(|policy| policy.document.clone())
            .collect(),
    }
}

/// A mapping of the template as Lambda takes it.
fn event_source_settings(mapping: &EventSourceMapping) -> EventSourceSettings {
    EventSourceSettings {
        queue_arn: mapping.queue_arn.clone(),
        queue_name: mapping.queue_name.clone(),
        batch_size: mapping.batch_size,
        batching_window: mapping.batching_window,
        maximum_concurrency: mapping.maximum_concurrency,
        report_batch_item_failures: mapping.report_batch_item_failures,
    }
}

/// How a function of the template is invoked asynchronously, as Lambda takes it.
fn async_settings(declared: &Asynchronous) -> AsyncSettings {
    AsyncSettings {
        max_retries: declared.max_retries,
        max_age: declared.max_age,
        on_failure: declared.on_failure.clone(),
        dead_letter_queue: declared.dead_letter_queue.clone(),
    }
}

fn open_log(function: &DeclaredFunction, data_dir: Option<&DataDir>) -> Result<LogSink, StartError> {
    let Some(data_dir) = data_dir else {
        return Ok(LogSink::tracing(&function.name));
    };
    LogSink::file(&function.name, &data_dir.logs()).map_err(|source| StartError::Log {
        function: function.name.clone(),
        source,
    })
}

fn system_log_level(function: &DeclaredFunction) -> SystemLogLevel {
    match function.system_log_level {
        DeclaredLogLevel::Debug => SystemLogLevel::Debug,
        DeclaredLogLevel::Info => SystemLogLevel::Info,
        DeclaredLogLevel::Warn => SystemLogLevel::Warn,
    }
}

/// Tells the meter that a stack is not the first.
fn note_foreign(meter: &Meter, stack: &Stack) {
    for function in &stack.functions {
        meter.foreign(&Source::Function(&function.name));
    }
    if let Some(api) = &stack.api {
        meter.foreign(&Source::Api(&api.name));
    }
}

fn function_settings(
    config: &LocalCloudConfig,
    function: &DeclaredFunction,
    location: &StackLocation,
    services: &Services,
    aws: AwsService,
    log: LogSink,
) -> FunctionSettings {
    let concurrency = function
        .reserved_concurrency
        .unwrap_or(config.function_concurrency)
        .min(config.function_concurrency);
    FunctionSettings {
        name: function.name.clone(),
        arn: function.arn.clone(),
        binary: function.binary.clone(),
        handler: function.handler.clone(),
        memory_megabytes: function.memory_megabytes,
        timeout: function.timeout,
        environment: function.environment.clone(),
        concurrency,
        processes: concurrency.min(config.function_processes),
        lifetime: ProcessLifetime::default(),
        region: location.region.clone(),
        aws_endpoint_url: location.aws_endpoint_url.clone(),
        aws,
        credentials: Credentials::generate(),
        launcher: config.launcher.clone(),
        log,
        cloud_watch: services.cloud_watch.clone(),
        meter: services.meter.clone(),
        faults: services.faults.clone(),
    }
}
