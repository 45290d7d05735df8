//! `AWS::Serverless::Function`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::event_source_mapping::EventSourceMapping;
use super::route::Route;
use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;
use crate::stack_location::StackLocation;

/// A function.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The program that it runs: `BuildProperties.Binary` of its metadata, else its logical id in kebab case without
    /// a `Function` at its end (`OrderApiFunction` runs `order-api`).
    pub binary: String,
    /// Its handler's name, which a custom runtime is free to ignore.
    pub handler: String,
    /// Memory in MB. It is told to the function and not enforced.
    pub memory_megabytes: u32,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
    /// The ARN of the role that it acts with.
    pub role_arn: Option<String>,
    /// Most instances at once, if they are limited.
    pub reserved_concurrency: Option<usize>,
    /// The log group that its output goes to.
    pub log_group: String,
    /// Its events of type `Api`.
    pub routes: Vec<Route>,
}

impl Function {
    pub(crate) fn read(
        location: &StackLocation,
        logical_id: &str,
        name: String,
        metadata: &Value,
        mut properties: Properties,
    ) -> Result<(Self, Vec<EventSourceMapping>), TemplateError> {
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
        let log_group = match properties.mapping("LoggingConfig")? {
            Some(mut logging) => {
                logging.ignore(ignored::LOGGING);
                let group = logging.text("LogGroup")?;
                logging.finish()?;
                group
            }
            None => None,
        };
        let mut routes = Vec::new();
        let mut mappings = Vec::new();
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
                    mappings.push(EventSourceMapping::read(id, &name, "Queue", details)?);
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
        };
        Ok((function, mappings))
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
    fn the_program_is_named_by_metadata_or_logical_id() {
        assert_eq!(binary("OrderApiFunction", &Value::Null), "order-api");
        assert_eq!(binary("Notifier", &Value::Null), "notifier");
        let metadata = serde_json::json!({"BuildProperties": {"Binary": "worker"}});
        assert_eq!(binary("OrderWorkerFunction", &metadata), "worker");
    }
}
