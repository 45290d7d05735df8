//! Function events of type `S3`.

use serde_json::Value;

use super::{bucket::Bucket, notification::Notification};
use crate::error::TemplateError;
use crate::properties::Properties;
use crate::template_path::TemplatePath;

/// A notification that is declared at its function, for a bucket of this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BucketEvent {
    at: TemplatePath,
    bucket: String,
    notification: Notification,
}

impl BucketEvent {
    /// Reads a function event of type `S3`.
    pub(crate) fn read(
        id: String,
        function: &str,
        mut properties: Properties,
    ) -> Result<Self, TemplateError> {
        let at = properties.at().clone();
        let bucket = properties.required_text("Bucket")?;
        let events = match properties.value("Events") {
            Some(Value::String(event)) => vec![event],
            Some(Value::Array(events)) => events
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect(),
            _ => Vec::new(),
        };
        if events.is_empty() {
            return Err(properties.missing("Events"));
        }
        let notification = Notification::read_rest(id, function, events, properties, "Events")?;
        Ok(Self {
            at,
            bucket,
            notification,
        })
    }

    /// Adds the notification to its bucket. SAM knows buckets of the same template alone.
    pub(crate) fn attach(self, buckets: &mut [Bucket]) -> Result<(), TemplateError> {
        let name = &self.bucket;
        let bucket = buckets.iter_mut().find(|bucket| bucket.name == *name);
        let bucket =
            bucket.ok_or_else(|| TemplateError::invalid(&self.at, format!("there is no bucket `{name}`")))?;
        bucket.notifications.push(self.notification);
        Ok(())
    }
}
