//! `AWS::SQS::QueuePolicy` and `AWS::SNS::TopicPolicy`. They become the attribute `Policy` of their queues
//! and topics.

use cloud_iam as iam;

use super::{name_of, queue::Queue, role::refused, topic::Topic};
use crate::error::TemplateError;
use crate::properties::Properties;
use crate::template_path::TemplatePath;

/// Resource policies. They are attached when all queues and topics are read.
#[derive(Debug, Default)]
pub(crate) struct Policies {
    queues: Vec<Attachment>,
    topics: Vec<Attachment>,
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

    pub(crate) fn attach(self, queues: &mut [Queue], topics: &mut [Topic]) -> Result<(), TemplateError> {
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
    let document = properties
        .value("PolicyDocument")
        .ok_or_else(|| properties.missing("PolicyDocument"))?;
    // The policy is parsed again later from the attribute. It is parsed here as well, so that an error has its location in the
    // template.
    iam::Policy::resource(&document).map_err(refused(&properties.at().key("PolicyDocument")))?;
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
