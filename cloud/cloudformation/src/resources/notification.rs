//! Notifications of buckets: elements of `LambdaConfigurations`, and the same in function events of type `S3`.

use super::name_of;
use crate::error::TemplateError;
use crate::properties::Properties;

/// A function that gets events of a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The id of the configuration.
    pub id: String,
    /// The physical name of the function.
    pub function_name: String,
    /// The types of events, such as `s3:ObjectCreated:*`.
    pub events: Vec<String>,
    /// The beginning of the keys.
    pub prefix: String,
    /// The end of the keys.
    pub suffix: String,
}

impl Notification {
    /// Reads an element of `LambdaConfigurations`.
    pub(crate) fn read(id: String, mut properties: Properties) -> Result<Self, TemplateError> {
        let event = properties.required_text("Event")?;
        let function = properties.required_text("Function")?;
        Self::read_rest(id, &function, vec![event], properties, "Event")
    }

    /// Reads what both forms have in common. `name` is the property of the events.
    pub(super) fn read_rest(
        id: String,
        function: &str,
        events: Vec<String>,
        mut properties: Properties,
        name: &str,
    ) -> Result<Self, TemplateError> {
        let is_known = |event: &String| {
            let kind = event.strip_prefix("s3:ObjectCreated:");
            kind.is_some_and(|kind| ["*", "Put", "Post", "Copy", "CompleteMultipartUpload"].contains(&kind))
        };
        if let Some(unknown) = events.iter().find(|event| !is_known(event)) {
            let at = properties.at().key(name);
            return Err(TemplateError::unsupported(&at, format!("the event `{unknown}`")));
        }
        let (mut prefix, mut suffix) = (String::new(), String::new());
        if let Some(mut filter) = properties.mapping("Filter")? {
            if let Some(mut key) = filter.mapping("S3Key")? {
                for (at, rule) in key.list("Rules")? {
                    let mut rule = Properties::new(at, rule)?;
                    let value = rule.required_text("Value")?;
                    match rule.required_text("Name")?.to_lowercase().as_str() {
                        "prefix" => prefix = value,
                        "suffix" => suffix = value,
                        _ => return Err(rule.wrong("Name", "it is `prefix` or `suffix`")),
                    }
                    rule.finish()?;
                }
                key.finish()?;
            }
            filter.finish()?;
        }
        properties.finish()?;
        Ok(Self {
            id,
            function_name: name_of(function).to_owned(),
            events,
            prefix,
            suffix,
        })
    }
}
