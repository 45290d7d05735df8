//! The topic of order events in SNS.

use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use function_runtime::Answers;
use function_runtime::aws::{call_error, set_trace, unsendable};
use function_runtime::call_error::in_order;
use order_core::Trace;

use super::Aws;
use crate::ports::{Events, Publication};

impl Events for Aws {
    async fn publish_batch(&self, events: &[&Publication]) -> Answers {
        let mut request = self
            .sns
            .publish_batch()
            .topic_arn(&self.config.order_events_topic_arn);
        for (index, publication) in events.iter().enumerate() {
            let event_type = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(publication.event_type.as_str())
                .build()
                .map_err(unsendable)?;
            let entry = PublishBatchRequestEntry::builder()
                .id(index.to_string())
                .message(&publication.event)
                .set_message_group_id(publication.group_id.clone())
                .message_attributes("event_type", event_type);
            request = request.publish_batch_request_entries(entry.build().map_err(unsendable)?);
        }
        let trace = common_trace(events);
        let request = request.customize().mutate_request(move |http| {
            if let Some(trace) = trace {
                set_trace(http, &trace.to_xray());
            }
        });
        let answer = request.send().await.map_err(|error| call_error(&error))?;
        Ok(in_order(
            events.len(),
            answer.successful().iter().filter_map(|entry| entry.id()),
            answer.failed().iter().map(|entry| (entry.id(), entry.code())),
        ))
    }
}

/// The trace of all events of a call, if they have the same one: in quiet times, and for orders of one batch request. A call has one
/// header for all its events, so events of several traces have theirs in the event alone.
fn common_trace(events: &[&Publication]) -> Option<Trace> {
    let trace = events.first()?.trace?;
    events
        .iter()
        .all(|publication| publication.trace == Some(trace))
        .then_some(trace)
}

#[cfg(test)]
mod tests {
    use order_core::EventType;

    use super::*;

    fn publication(trace: Option<&str>) -> Publication {
        Publication {
            event: "{}".to_owned(),
            event_type: EventType::Confirmed,
            group_id: None,
            trace: trace.map(|trace| Trace::from_xray(trace).unwrap()),
        }
    }

    #[test]
    fn a_call_has_a_trace_if_all_its_events_have_the_same() {
        let one = publication(Some("Root=1-67891233-abcdef012345678912345678"));
        let other = publication(Some("Root=1-67891233-abcdef012345678912345679"));
        let none = publication(None);
        assert_eq!(common_trace(&[&one]), one.trace);
        assert_eq!(common_trace(&[&one, &one]), one.trace);
        for events in [&[&one, &other][..], &[&one, &none], &[&none, &one], &[&none], &[]] {
            assert_eq!(common_trace(events), None);
        }
    }
}
