//! One invocation of a consumer: from a batch to the ids of the messages that return to the queue.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use function_runtime::{Clock, Rng};
use telemetry::metrics::{self, Count, Measure};

use crate::batch::{self, BatchError};
use crate::budget::Budget;
use crate::failure::Permanence;
use crate::marks::Marks;
use crate::ports::Queues;
use crate::record::Record;
use crate::results::Results;
use crate::retries::Retries;
use crate::settle::{Disposition, Failed, Settlement};

/// So many malformed messages of a batch are doubted, if they are more than half of it.
const MIN_MALFORMED: usize = 5;

/// A consumer of a queue.
#[derive(Debug)]
pub struct Consumer {
    /// How long and where failed messages are tried again.
    pub retries: Retries,
    /// Draws all random numbers.
    pub rng: Rng,
}

impl Consumer {
    /// A consumer. `seed` decides all random numbers.
    #[must_use]
    pub fn new(retries: Retries, seed: u64) -> Self {
        Self {
            retries,
            rng: Rng::seeded(seed),
        }
    }

    /// Handles one SQS event within `time_left`: isolates records that may have killed a process, works on the others, and
    /// settles those that failed. The answer names the messages that return to the queue.
    ///
    /// # Errors
    /// Only if no valid answer could keep every message; see [`BatchError`].
    pub async fn handle<P: Queues + Marks + Clock>(
        &self,
        ports: &P,
        event: &str,
        time_left: Duration,
        work: impl AsyncFnOnce(&[&Record], &Budget, &mut Results),
    ) -> Result<SqsBatchResponse, BatchError> {
        let budget = Budget::new(ports, time_left);
        let records = batch::read(event)?;
        metrics::record_size(Measure::BatchSize, records.len());
        for trace_header in records.iter().filter_map(|record| record.trace_header.as_deref()) {
            telemetry::link_trace(trace_header);
        }
        let settlement = Settlement {
            retries: &self.retries,
            deadline: budget.settling(),
            rng: &self.rng,
        };
        let isolated = settlement.isolate(ports, &records).await;
        let mut results = Results::new(isolated.work.len());
        // Boxed: the SDK's futures nest deeper than the compiler follows in one piece.
        Box::pin(work(&isolated.work, &budget, &mut results)).await;
        let mut failed: Vec<Failed<'_>> = isolated
            .work
            .into_iter()
            .zip(results.finish())
            .filter_map(|(record, result)| Some(Failed::new(record, result.err()?)))
            .collect();
        doubt_malformed(&mut failed, records.len());
        let dispositions = settlement.settle(ports, &failed).await;
        for (failed, disposition) in failed.iter().zip(&dispositions) {
            log(failed, *disposition);
            count(failed, *disposition);
        }
        let count = |of| {
            dispositions
                .iter()
                .filter(|disposition| **disposition == of)
                .count()
        };
        tracing::info!(
            records = records.len(),
            failed = non_zero(failed.len()),
            dead_lettered = non_zero(count(Disposition::DeadLettered)),
            sent_again = non_zero(count(Disposition::SentAgain)),
            isolated = non_zero(isolated.suspects),
            "batch processed"
        );
        let reported = failed.iter().zip(&dispositions);
        let reported = reported.filter(|(_, disposition)| **disposition == Disposition::Reported);
        batch::respond(reported.map(|(failed, _)| failed.record).chain(isolated.reported))
    }
}

/// A number for the log, which has no zeros: the bytes of a batch without a failure are paid for with every order.
fn non_zero(number: usize) -> Option<usize> {
    (number > 0).then_some(number)
}

/// Counts a message by what becomes of it, and by the reason.
fn count(failed: &Failed<'_>, disposition: Disposition) {
    let what = match disposition {
        Disposition::DeadLettered => Count::MessagesDeadLettered,
        Disposition::SentAgain | Disposition::Reported => Count::MessagesPutOff,
    };
    metrics::count_by_reason(what, &failed.failure.code, 1);
}

/// Makes malformed messages transient when so many are malformed that the parser may be at fault: at least [`MIN_MALFORMED`] of a
/// batch, and more than half of it. They are put off until they are too old, also in batches of which fewer are malformed.
/// Otherwise a bug in a parser would turn a whole backlog into dead letters within seconds.
fn doubt_malformed(failed: &mut [Failed<'_>], records: usize) {
    let malformed = failed.iter().filter(|failed| failed.failure.is_malformed());
    let malformed = malformed.count();
    let are_many = malformed >= MIN_MALFORMED && malformed * 2 > records;
    if are_many {
        // A metric filter counts this field.
        tracing::error!(
            malformed,
            records,
            "more than half of a batch is malformed, and is put off"
        );
    }
    for failed in failed.iter_mut().filter(|failed| failed.failure.is_malformed()) {
        if are_many || failed.record.last_error() == Some(&*failed.failure.code) {
            failed.permanence = Permanence::Transient;
        }
    }
}

fn log(failed: &Failed<'_>, disposition: Disposition) {
    let Failed { record, failure, .. } = failed;
    let message_id = record.message_id.as_deref().unwrap_or_default();
    // The detail of these may name content of the message, so only the dead letter holds it.
    let is_permanent = failure.permanence() == Permanence::Permanent;
    tracing::warn!(
        message_id,
        order_id = record.order_id().map(|id| id.to_string()),
        error_code = &*failure.code,
        error_detail = (!is_permanent).then_some(&*failure.detail),
        permanent = failed.permanence == Permanence::Permanent,
        receive_count = record.receives(),
        disposition = disposition.as_str(),
        "message {message_id} failed: {}",
        failure.code
    );
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use serde_json::json;

    use super::*;
    use crate::failure::{Failure, code};
    use crate::fakes::Outside;
    use crate::ports::Queue;
    use crate::retries::tests::retries;

    /// Handles a batch in which the first records are malformed. Returns the queues to which messages were sent, with their delays.
    fn sent(
        outside: &Outside,
        malformed: usize,
        records: usize,
        last_error: Option<&str>,
    ) -> Vec<(Queue, u32)> {
        let text = |value: &str| json!({"stringValue": value, "dataType": "String"});
        let attributes = last_error.map(
            |code| json!({"error_code": text(code), "retry_first_sent_at": text("1970-01-01T00:00:00.000Z")}),
        );
        let record = |number: usize| {
            json!({
                "messageId": format!("m{number}"), "receiptHandle": "r", "body": "{",
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "0"},
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:orders",
                "messageAttributes": attributes.clone().unwrap_or_default(),
            })
        };
        let event = json!({"Records": (0..records).map(record).collect::<Vec<_>>()});
        let work = async |_: &[&Record], _: &Budget, results: &mut Results| {
            for index in 0..records {
                let failure = Failure::new(code::MALFORMED, "why");
                let result = if index < malformed { Err(failure) } else { Ok(()) };
                results.set(&[index], &result);
            }
        };
        let consumer = Consumer::new(retries(), 1);
        let event = event.to_string();
        let handled = consumer.handle(outside, &event, Duration::from_secs(30), work);
        assert!(
            handled
                .now_or_never()
                .unwrap()
                .unwrap()
                .batch_item_failures
                .is_empty()
        );
        let sent = outside.sent.take();
        sent.into_iter()
            .map(|(to, message)| (to, message.delay_seconds()))
            .collect()
    }

    #[test]
    fn malformed_messages_are_dead_lettered_unless_they_are_more_than_half_of_a_batch() {
        for (malformed, records) in [(1, 1), (4, 4), (5, 10), (50, 100)] {
            let sent = sent(&Outside::default(), malformed, records, None);
            assert_eq!(
                sent,
                vec![(Queue::DeadLetter, 0); malformed],
                "{malformed} of {records}"
            );
        }
        for (malformed, records) in [(5, 5), (5, 9), (6, 10), (51, 100)] {
            let sent = sent(&Outside::default(), malformed, records, None);
            assert_eq!(sent.len(), malformed);
            let is_put_off = |(to, delay): &(Queue, u32)| *to == Queue::Main && (3..=5).contains(delay);
            assert!(sent.iter().all(is_put_off), "{malformed} of {records}: {sent:?}");
        }
    }

    #[test]
    fn a_record_that_an_outage_left_untouched_is_logged_with_its_order() {
        let id = |number: usize| format!("0199d3a0-5c1e-7b3a-9f57-00000000000{number}");
        let record = |number: usize| {
            json!({
                "messageId": format!("m{number}"), "receiptHandle": "r", "body": json!({"order_id": id(number)}).to_string(),
                "attributes": {"ApproximateReceiveCount": if number == 3 { "3" } else { "1" }, "SentTimestamp": "0"},
                "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:orders",
            })
        };
        let event = json!({"Records": (0..=3).map(record).collect::<Vec<_>>()});
        let work = async |_: &[&Record], _: &Budget, results: &mut Results| {
            let outage = Failure {
                is_outage: true,
                ..Failure::new("ThrottlingException", "why")
            };
            results.set(&[0], &Err(outage));
        };
        let lines = telemetry::testing::logged("info", || {
            let consumer = Consumer::new(retries(), 1);
            let outside = Outside::default();
            let event = event.to_string();
            let handled = consumer.handle(&outside, &event, Duration::from_secs(30), work);
            handled.now_or_never().unwrap().unwrap();
        });
        let failed: Vec<String> = lines
            .iter()
            .filter(|line| line.get("message_id").is_some())
            .map(|line| line["order_id"].as_str().unwrap().to_owned())
            .collect();
        // The one whose process died twice is isolated before the others are worked on.
        assert_eq!(failed, [3, 0, 1, 2].map(id));
    }

    #[test]
    fn a_malformed_message_that_was_put_off_is_put_off_until_it_is_too_old() {
        let outside = Outside::default();
        assert_eq!(sent(&outside, 1, 10, Some(code::MALFORMED))[0].0, Queue::Main);
        assert_eq!(sent(&outside, 1, 10, Some("timed_out"))[0].0, Queue::DeadLetter);
        outside.time.set(Duration::from_hours(24));
        assert_eq!(
            sent(&outside, 1, 10, Some(code::MALFORMED))[0].0,
            Queue::DeadLetter
        );
        assert_eq!(sent(&outside, 10, 10, None), vec![(Queue::DeadLetter, 0); 10]);
    }
}
