//! The topic of order events in SNS.

use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use function_runtime::Answers;
use function_runtime::aws::{call_error, unsendable};
use function_runtime::call_error::in_order;
use order_core::{Trace, event};

use super::Aws;
use crate::ports::{Events, Publication};

/// The header by which SNS takes a trace. It passes it on to queues as `AWSTraceHeader`.
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-active-tracing.html>
const TRACE_HEADER: &str = "x-amzn-trace-id";

impl Events for Aws {
    async fn publish_batch(&self, events: &[&Publication]) -> Answers {
        let event_type = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(event::TYPE)
            .build()
            .map_err(unsendable)?;
        let mut request = self
            .sns
            .publish_batch()
            .topic_arn(&self.config.order_events_topic_arn);
        for (index, publication) in events.iter().enumerate() {
            let entry = PublishBatchRequestEntry::builder()
                .id(index.to_string())
                .message(&publication.event)
                .set_message_group_id(publication.group_id.clone())
                .message_attributes("event_type", event_type.clone());
            request = request.publish_batch_request_entries(entry.build().map_err(unsendable)?);
        }
        let trace = common_trace(events);
        let request = request.customize().mutate_request(move |http| {
            if let Some(trace) = trace {
                let lineage = http.headers().get(TRACE_HEADER).and_then(lineage);
                http.headers_mut().insert(
                    TRACE_HEADER,
                    format!(
                        "{}{lineage}",
                        trace.to_xray(),
                        lineage = lineage.unwrap_or_default()
                    ),
                );
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

/// The field `Lineage` of the header that the SDK sets in a function. By it Lambda finds functions that invoke each other without end.
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>
fn lineage(header: &str) -> Option<String> {
    let field = header
        .split(';')
        .find(|field| field.trim().starts_with("Lineage="))?;
    Some(format!(";{}", field.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication(trace: Option<&str>) -> Publication {
        Publication {
            event: "{}".to_owned(),
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

    #[test]
    fn the_lineage_of_the_invocation_stays() {
        let header =
            "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=0;Lineage=1:a87bd80c:0";
        assert_eq!(lineage(header).as_deref(), Some(";Lineage=1:a87bd80c:0"));
        assert_eq!(lineage("Root=1-67891233-abcdef012345678912345678"), None);
    }
}
