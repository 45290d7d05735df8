//! How a function is invoked asynchronously: `EventInvokeConfig` and `DeadLetterQueue` of `AWS::Serverless::Function`.

use std::time::Duration;

use super::name_of;
use crate::error::TemplateError;
use crate::properties::Properties;

/// How a function is invoked asynchronously.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asynchronous {
    /// How often a failed event is retried, 0 to 2.
    pub max_retries: u32,
    /// How long an event is kept, 60 seconds to 6 hours.
    pub max_age: Duration,
    /// The name of the queue that gets a record of each event that failed.
    pub on_failure: Option<String>,
    /// The name of the queue that gets each event that failed.
    pub dead_letter_queue: Option<String>,
}

impl Asynchronous {
    /// Reads both properties of a function.
    pub(crate) fn read(properties: &mut Properties) -> Result<Self, TemplateError> {
        let mut read = Self {
            max_retries: 2,
            max_age: Duration::from_hours(6),
            on_failure: None,
            dead_letter_queue: None,
        };
        if let Some(mut config) = properties.mapping("EventInvokeConfig")? {
            if let Some(retries) = config.integer_within("MaximumRetryAttempts", 0, 2)? {
                read.max_retries = retries;
            }
            if let Some(age) = config.integer_within("MaximumEventAgeInSeconds", 60, 21_600)? {
                read.max_age = Duration::from_secs(age.into());
            }
            if let Some(mut destinations) = config.mapping("DestinationConfig")? {
                if let Some(on_failure) = destinations.mapping("OnFailure")? {
                    read.on_failure = Some(queue(on_failure, "Destination")?);
                }
                destinations.finish()?;
            }
            config.finish()?;
        }
        if let Some(dead_letters) = properties.mapping("DeadLetterQueue")? {
            read.dead_letter_queue = Some(queue(dead_letters, "TargetArn")?);
        }
        Ok(read)
    }
}

/// Reads a destination, which has to be a queue.
fn queue(mut destination: Properties, name: &str) -> Result<String, TemplateError> {
    let arn = destination.required_text(name)?;
    let kind = destination.text("Type")?;
    if !arn.starts_with("arn:aws:sqs:") || kind.is_some_and(|kind| kind != "SQS") {
        return Err(TemplateError::unsupported(
            destination.at(),
            "a destination other than a queue",
        ));
    }
    destination.finish()?;
    Ok(name_of(&arn).to_owned())
}
