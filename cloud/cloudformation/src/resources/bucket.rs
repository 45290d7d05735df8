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
    /// Which pages of other origins may send which requests.
    pub cors: Vec<CorsRule>,
    /// The website, if the bucket is one.
    pub website: Option<Website>,
    /// Where the template declares it.
    pub(crate) at: TemplatePath,
}

/// An element of `CorsRules`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorsRule {
    /// The name of the rule.
    pub id: Option<String>,
    /// Origins of pages.
    pub allowed_origins: Vec<String>,
    /// Methods.
    pub allowed_methods: Vec<String>,
    /// Headers that a page may send.
    pub allowed_headers: Vec<String>,
    /// Headers that a page may read.
    pub exposed_headers: Vec<String>,
    /// How long a browser may keep the answer to a preflight, in seconds.
    pub max_age: Option<u32>,
}

impl CorsRule {
    fn read(mut properties: Properties) -> Result<Self, TemplateError> {
        let rule = Self {
            id: properties.text("Id")?,
            allowed_origins: properties.texts("AllowedOrigins")?,
            allowed_methods: properties.texts("AllowedMethods")?,
            allowed_headers: properties.texts("AllowedHeaders")?,
            exposed_headers: properties.texts("ExposedHeaders")?,
            max_age: properties.integer("MaxAge")?,
        };
        properties.finish()?;
        Ok(rule)
    }
}

/// `WebsiteConfiguration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Website {
    /// The name of the page of a folder.
    pub index_document: String,
    /// The key of the page that is answered instead of an error.
    pub error_document: Option<String>,
}

impl Website {
    fn read(mut properties: Properties) -> Result<Self, TemplateError> {
        let website = Self {
            index_document: properties.required_text("IndexDocument")?,
            error_document: properties.text("ErrorDocument")?,
        };
        properties.finish()?;
        Ok(website)
    }
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
        let mut cors = Vec::new();
        if let Some(mut configuration) = properties.mapping("CorsConfiguration")? {
            for (at, rule) in configuration.list("CorsRules")? {
                cors.push(CorsRule::read(Properties::new(at, rule)?)?);
            }
            configuration.finish()?;
        }
        let website = properties.mapping("WebsiteConfiguration")?;
        let website = website.map(Website::read).transpose()?;
        properties.finish()?;
        Ok(Self {
            name,
            policy: None,
            allows_public_policy,
            notifications,
            cors,
            website,
            at,
        })
    }
}
