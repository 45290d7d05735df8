//! `AWS::SQS::QueuePolicy`, `AWS::SNS::TopicPolicy` and `AWS::S3::BucketPolicy`. The first two become the attribute `Policy` of
//! their queues and topics.

use cloud_iam as iam;
use serde_json::Value;

use super::{bucket::Bucket, name_of, queue::Queue, role::refused, topic::Topic};
use crate::error::TemplateError;
use crate::properties::Properties;
use crate::template_path::TemplatePath;

/// Resource policies. They are attached when all queues, topics and buckets are read.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    queues: Vec<Attachment>,
    topics: Vec<Attachment>,
    buckets: Vec<(TemplatePath, String, Value)>,
}

#[derive(Debug)]
struct Attachment {
    at: TemplatePath,
    name: String,
    document: String,
}

impl Policies {
    pub(crate) fn read_queue_policy(&mut self, properties: Properties) -> Result<(), TemplateError> {
        self.queues.extend(read(properties, "Queues")?);
        Ok(())
    }

    pub(crate) fn read_topic_policy(&mut self, properties: Properties) -> Result<(), TemplateError> {
        self.topics.extend(read(properties, "Topics")?);
        Ok(())
    }

    pub(crate) fn read_bucket_policy(&mut self, mut properties: Properties) -> Result<(), TemplateError> {
        let document = document(&mut properties)?;
        let bucket = properties.required_text("Bucket")?;
        self.buckets.push((properties.at().clone(), bucket, document));
        properties.finish()
    }

    pub(crate) fn attach(
        self,
        queues: &mut [Queue],
        topics: &mut [Topic],
        buckets: &mut [Bucket],
    ) -> Result<(), TemplateError> {
        for (at, name, document) in self.buckets {
            let bucket = buckets.iter_mut().find(|bucket| bucket.name == name);
            let bucket =
                bucket.ok_or_else(|| TemplateError::invalid(&at, format!("there is no bucket `{name}`")))?;
            bucket.policy = Some(document);
        }
        for Attachment { at, name, document } in self.queues {
            let queue = queues.iter_mut().find(|queue| queue.name == name);
            let queue =
                queue.ok_or_else(|| TemplateError::invalid(&at, format!("there is no queue `{name}`")))?;
            queue.attributes.insert("Policy".to_owned(), document);
        }
        for Attachment { at, name, document } in self.topics {
            let topic = topics.iter_mut().find(|topic| topic.name == name);
            let topic =
                topic.ok_or_else(|| TemplateError::invalid(&at, format!("there is no topic `{name}`")))?;
            topic.attributes.insert("Policy".to_owned(), document);
        }
        Ok(())
    }
}

fn read(mut properties: Properties, targets: &str) -> Result<Vec<Attachment>, TemplateError> {
    let document = document(&mut properties)?;
    let names = properties.texts(targets)?;
    let at = properties.at().clone();
    properties.finish()?;
    let attach = |name: String| Attachment {
        at: at.clone(),
        name: name_of(&name).to_owned(),
        document: document.to_string(),
    };
    Ok(names.into_iter().map(attach).collect())
}

/// Reads a policy. It is parsed again later, where it is enforced. It is parsed here as well, so that an error has its location in
/// the template.
fn document(properties: &mut Properties) -> Result<Value, TemplateError> {
    let document = properties.value("PolicyDocument");
    let document = document.ok_or_else(|| properties.missing("PolicyDocument"))?;
    iam::Policy::resource(&document).map_err(refused(&properties.at().key("PolicyDocument")))?;
    Ok(document)
}
