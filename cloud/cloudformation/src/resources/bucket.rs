//! `AWS::S3::Bucket`.

use serde_json::Value;

use super::notification::Notification;
use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;
use crate::template_path::TemplatePath;

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The physical name.
    pub name: String,
    /// The bucket policy, from an `AWS::S3::BucketPolicy`.
    pub policy: Option<Value>,
    /// Whether a bucket policy may let everyone in.
    pub allows_public_policy: bool,
    /// The functions that get events.
    pub notifications: Vec<Notification>,
    /// Where the template declares it.
    pub(crate) at: TemplatePath,
}

impl Bucket {
    pub(crate) fn read(name: String, mut properties: Properties) -> Result<Self, TemplateError> {
        properties.ignore(&["BucketName"]);
        properties.ignore(ignored::BUCKET);
        let mut allows_public_policy = false;
        if let Some(mut block) = properties.mapping("PublicAccessBlockConfiguration")? {
            // A setting that is left out of the mapping is off. Without the mapping all are on.
            let policies = block.boolean("BlockPublicPolicy")? == Some(true);
            let buckets = block.boolean("RestrictPublicBuckets")? == Some(true);
            block.ignore(&["BlockPublicAcls", "IgnorePublicAcls"]);
            block.finish()?;
            allows_public_policy = !policies && !buckets;
        }
        let at = properties.at().clone();
        let mut notifications = Vec::new();
        if let Some(mut configuration) = properties.mapping("NotificationConfiguration")? {
            for (index, (at, value)) in configuration
                .list("LambdaConfigurations")?
                .into_iter()
                .enumerate()
            {
                let id = format!("{name}-{index}");
                notifications.push(Notification::read(id, Properties::new(at, value)?)?);
            }
            configuration.finish()?;
        }
        properties.finish()?;
        Ok(Self {
            name,
            policy: None,
            allows_public_policy,
            notifications,
            at,
        })
    }
}
