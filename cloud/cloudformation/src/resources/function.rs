//! `AWS::Serverless::Function`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::asynchronous::Asynchronous;
use super::bucket_event::BucketEvent;
use super::event_source_mapping::EventSourceMapping;
use super::route::Route;
use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;
use crate::stack_location::StackLocation;

/// A function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// The physical name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// The name of the program: `BuildProperties.Binary` in the metadata, or else the logical id in kebab
    /// case without a `Function` at its end (`OrderApiFunction` runs `order-api`).
    pub binary: String,
    /// The name of the handler. A custom runtime may ignore it.
    pub handler: String,
    /// The memory size in MB, for an environment variable. It is not enforced.
    pub memory_megabytes: u32,
    /// The maximum duration of an invocation.
    pub timeout: Duration,
    /// The environment variables.
    pub environment: BTreeMap<String, String>,
    /// The ARN of the role.
    pub role_arn: Option<String>,
    /// The maximum number of concurrent invocations, if it is limited.
    pub reserved_concurrency: Option<usize>,
    /// Which events Lambda itself logs.
    pub system_log_level: SystemLogLevel,
    /// The log group of the output.
    pub log_group: String,
    /// The routes of the events of type `Api`.
    pub routes: Vec<Route>,
    /// How it is invoked asynchronously.
    pub asynchronous: Asynchronous,
}

/// The events of a function, but for those of type `Api`.
#[derive(Debug, Default)]
pub(crate) struct FunctionEvents {
    pub(crate) mappings: Vec<EventSourceMapping>,
    pub(crate) bucket_events: Vec<BucketEvent>,
}

impl Function {
    pub(crate) fn read(
        location: &StackLocation,
        logical_id: &str,
        name: String,
        metadata: &Value,
        mut properties: Properties,
    ) -> Result<(Self, FunctionEvents), TemplateError> {
        properties.ignore(&["FunctionName"]);
        properties.ignore(ignored::FUNCTION);
        let handler = properties
            .text("Handler")?
            .unwrap_or_else(|| "bootstrap".to_owned());
        let memory_megabytes = properties
            .integer_within("MemorySize", 128, 10_240)?
            .unwrap_or(128);
        let timeout = properties.integer_within("Timeout", 1, 900)?.unwrap_or(3);
        let role_arn = properties.text("Role")?;
        let reserved_concurrency = properties.integer("ReservedConcurrentExecutions")?;
        let mut environment = BTreeMap::new();
        if let Some(mut section) = properties.mapping("Environment")? {
            if let Some(variables) = section.mapping("Variables")? {
                environment.extend(variables.into_texts()?);
            }
            section.finish()?;
        }
        let (log_group, system_log_level) = match properties.mapping("LoggingConfig")? {
            Some(mut logging) => {
                logging.ignore(ignored::LOGGING);
                let group = logging.text("LogGroup")?;
                let level = SystemLogLevel::read(&mut logging)?;
                logging.finish()?;
                (group, level)
            }
            None => (None, SystemLogLevel::default()),
        };
        let mut routes = Vec::new();
        let asynchronous = Asynchronous::read(&mut properties)?;
        let mut declared = FunctionEvents::default();
        let events = properties
            .mapping("Events")?
            .map(Properties::into_mappings)
            .transpose()?;
        for (event_id, mut event) in events.unwrap_or_default() {
            let kind = event.required_text("Type")?;
            let details = event
                .mapping("Properties")?
                .ok_or_else(|| event.missing("Properties"))?;
            match kind.as_str() {
                "Api" => routes.push(Route::read_event(&name, details)?),
                "SQS" => {
                    let id = format!("{logical_id}{event_id}");
                    let mapping = EventSourceMapping::read(id, &name, "Queue", details)?;
                    declared.mappings.push(mapping);
                }
                "S3" => {
                    let id = format!("{logical_id}{event_id}");
                    declared
                        .bucket_events
                        .push(BucketEvent::read(id, &name, details)?);
                }
                _ => {
                    return Err(TemplateError::unsupported(
                        event.at(),
                        format!("the event type `{kind}`"),
                    ));
                }
            }
            event.finish()?;
        }
        properties.finish()?;
        let function = Self {
            arn: location.arn("lambda", &format!("function:{name}")),
            system_log_level,
            log_group: log_group.unwrap_or_else(|| format!("/aws/lambda/{name}")),
            name,
            binary: binary(logical_id, metadata),
            handler,
            memory_megabytes,
            timeout: Duration::from_secs(timeout.into()),
            environment,
            role_arn,
            reserved_concurrency: reserved_concurrency.map(|most| most as usize),
            routes,
            asynchronous,
        };
        Ok((function, declared))
    }
}

/// The least level of the events that Lambda itself logs about a function (`SystemLogLevel`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SystemLogLevel {
    /// Each event.
    Debug,
    /// The start and the report of each invocation.
    #[default]
    Info,
    /// The events of a failure.
    Warn,
}

impl SystemLogLevel {
    fn read(logging: &mut Properties) -> Result<Self, TemplateError> {
        match logging.text("SystemLogLevel")?.as_deref() {
            None => Ok(Self::default()),
            Some("DEBUG") => Ok(Self::Debug),
            Some("INFO") => Ok(Self::Info),
            Some("WARN") => Ok(Self::Warn),
            Some(_) => Err(logging.wrong("SystemLogLevel", "DEBUG, INFO or WARN is expected")),
        }
    }
}

fn binary(logical_id: &str, metadata: &Value) -> String {
    if let Some(binary) = metadata
        .pointer("/BuildProperties/Binary")
        .and_then(Value::as_str)
    {
        return binary.to_owned();
    }
    let stem = logical_id
        .strip_suffix("Function")
        .filter(|stem| !stem.is_empty())
        .unwrap_or(logical_id);
    let mut kebab = String::with_capacity(stem.len() + 4);
    for character in stem.chars() {
        if character.is_uppercase() && !kebab.is_empty() {
            kebab.push('-');
        }
        kebab.extend(character.to_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_name_comes_from_the_metadata_or_the_logical_id() {
        assert_eq!(binary("OrderApiFunction", &Value::Null), "order-api");
        assert_eq!(binary("Notifier", &Value::Null), "notifier");
        let metadata = serde_json::json!({"BuildProperties": {"Binary": "worker"}});
        assert_eq!(binary("OrderWorkerFunction", &metadata), "worker");
    }
}
