//! `AWS::S3::Bucket`.

use serde_json::Value;

use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;

/// A bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The physical name.
    pub name: String,
    /// The bucket policy, from an `AWS::S3::BucketPolicy`.
    pub policy: Option<Value>,
    /// Whether a bucket policy may let everyone in.
    pub allows_public_policy: bool,
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
        properties.finish()?;
        Ok(Self {
            name,
            policy: None,
            allows_public_policy,
        })
    }
}
