//! `AWS::SNS::Topic`.

use std::collections::BTreeMap;

use super::subscription::Subscription;
use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;
use crate::stack_location::StackLocation;

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The physical name.
    pub name: String,
    /// The attributes, with the names and values of SNS's `CreateTopic`.
    pub attributes: BTreeMap<String, String>,
}

impl Topic {
    /// Reads a topic and the subscriptions inside it.
    pub(crate) fn read(
        location: &StackLocation,
        name: String,
        mut properties: Properties,
    ) -> Result<(Self, Vec<Subscription>), TemplateError> {
        properties.ignore(&["TopicName"]);
        properties.ignore(ignored::TOPIC);
        if properties.boolean("FifoTopic")? == Some(true) {
            return Err(TemplateError::unsupported(properties.at(), "a FIFO topic"));
        }
        let mut attributes = BTreeMap::new();
        if let Some(display_name) = properties.text("DisplayName")? {
            attributes.insert("DisplayName".to_owned(), display_name);
        }
        let arn = location.arn("sns", &name);
        let subscriptions = properties
            .list("Subscription")?
            .into_iter()
            .map(|(at, value)| Subscription::read(Properties::new(at, value)?, Some(arn.clone())))
            .collect::<Result<_, _>>()?;
        properties.finish()?;
        Ok((Self { name, attributes }, subscriptions))
    }
}
