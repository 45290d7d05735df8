//! `AWS::Lambda::EventSourceMapping`, and function events of type `SQS`.

use std::time::Duration;

use super::name_of;
use crate::error::TemplateError;
use crate::properties::Properties;

/// A queue that invokes a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventSourceMapping {
    /// The logical id.
    pub id: String,
    /// The physical name of the function.
    pub function_name: String,
    /// The ARN of the queue.
    pub queue_arn: String,
    /// The name of the queue.
    pub queue_name: String,
    /// The maximum number of messages in a batch, 1 to 10,000.
    pub batch_size: usize,
    /// The maximum time to wait for more messages, up to 300 seconds.
    pub batching_window: Duration,
    /// The maximum number of concurrent invocations, 2 to 1,000.
    pub maximum_concurrency: Option<usize>,
    /// Whether the function's answer names the failed messages.
    pub report_batch_item_failures: bool,
    /// Whether the queue is polled.
    pub enabled: bool,
}

impl EventSourceMapping {
    /// Reads a mapping. `source` is the property with the queue's ARN. SAM and Lambda use different names for
    /// it.
    pub(crate) fn read(
        id: String,
        function: &str,
        source: &str,
        mut properties: Properties,
    ) -> Result<Self, TemplateError> {
        properties.ignore(&["Tags"]);
        let queue_arn = properties.required_text(source)?;
        if !queue_arn.starts_with("arn:aws:sqs:") {
            return Err(TemplateError::unsupported(
                properties.at(),
                "an event source other than a queue",
            ));
        }
        let batch_size = properties.integer_within("BatchSize", 1, 10_000)?.unwrap_or(10);
        let window = properties
            .integer_within("MaximumBatchingWindowInSeconds", 0, 300)?
            .unwrap_or(0);
        if batch_size > 10 && window == 0 {
            return Err(properties.wrong(
                "BatchSize",
                "over 10 it needs a MaximumBatchingWindowInSeconds of 1 or more",
            ));
        }
        let mut report_batch_item_failures = false;
        for kind in properties.texts("FunctionResponseTypes")? {
            match kind.as_str() {
                "ReportBatchItemFailures" => report_batch_item_failures = true,
                _ => {
                    return Err(
                        properties.wrong("FunctionResponseTypes", "only ReportBatchItemFailures exists")
                    );
                }
            }
        }
        let maximum_concurrency = match properties.mapping("ScalingConfig")? {
            None => None,
            Some(mut scaling) => {
                let most = scaling.integer_within("MaximumConcurrency", 2, 1000)?;
                scaling.finish()?;
                most
            }
        };
        let enabled = properties.boolean("Enabled")?.unwrap_or(true);
        properties.finish()?;
        Ok(Self {
            id,
            function_name: name_of(function).to_owned(),
            queue_name: name_of(&queue_arn).to_owned(),
            queue_arn,
            batch_size: batch_size as usize,
            batching_window: Duration::from_secs(window.into()),
            maximum_concurrency: maximum_concurrency.map(|most| most as usize),
            report_batch_item_failures,
            enabled,
        })
    }
}
