//! Publishes the events of confirmed and cancelled orders.

use function_runtime::pack::pack;
use order_core::EventType;
use queue_consumer::budget::Budget;
use queue_consumer::failure::{Failure, code};
use queue_consumer::results::Results;
use telemetry::metrics::{self, Count};

use super::{IN_FLIGHT, MAX_ATTEMPTS, Worker};
use crate::ports::{Ports, Publication};

/// An event, built from the stored row, and the records that wait for it.
#[derive(Debug)]
pub(crate) struct Unpublished {
    /// The event.
    pub(crate) publication: Publication,
    /// The records' indices in the batch.
    pub(crate) indices: Vec<usize>,
}

/// The bytes that the attribute `event_type` adds to an event: name, type and value.
const fn attribute_bytes(event_type: EventType) -> usize {
    "event_type".len() + "String".len() + event_type.as_str().len()
}

/// The most bytes of one event with its attribute, a limit of SNS.
const MAX_EVENT_BYTES: usize = 256 * 1024;

impl<P: Ports> Worker<P> {
    /// Publishes each event, whether its row was written now or before: that a row exists does not prove that its event was published.
    pub(crate) async fn publish(
        &self,
        unpublished: Vec<Unpublished>,
        budget: &Budget,
        results: &mut Results,
    ) {
        let (fitting, too_large): (Vec<Unpublished>, Vec<Unpublished>) =
            unpublished.into_iter().partition(fits);
        let events: Vec<&Publication> = fitting.iter().map(|order| &order.publication).collect();
        let sizes: Vec<usize> = events.iter().map(|publication| size(publication)).collect();
        let batches = pack(&sizes, P::MAX_EVENTS, P::MAX_BYTES);
        let batches = batches.into_iter().map(|batch| &events[batch]);
        let publish = async |events: &[&Publication]| self.ports.publish_batch(events).await;
        let answers = self
            .calls(budget)
            .repeat_all(batches, IN_FLIGHT, MAX_ATTEMPTS, publish)
            .await;
        let published = answers.into_iter().map(|answer| answer.map_err(Failure::from));
        let refused = too_large
            .iter()
            .map(|_| Err(Failure::new(code::TOO_LARGE, "the order's event is over 256 KB")));
        let orders = fitting.iter().chain(&too_large);
        for (order, result) in orders.zip(published.chain(refused)) {
            metrics::count(Count::EventsPublished, usize::from(result.is_ok()));
            results.set(&order.indices, &result);
        }
    }
}

/// The size of an event with its attribute.
fn size(publication: &Publication) -> usize {
    publication.event.len() + attribute_bytes(publication.event_type)
}

/// Whether SNS accepts the event. The limits of an order keep every event far below.
fn fits(order: &Unpublished) -> bool {
    size(&order.publication) <= MAX_EVENT_BYTES
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::FutureExt as _;
    use queue_consumer::failure::Permanence;

    use super::*;
    use crate::fakes::{Outside, retries};

    #[test]
    fn an_event_over_the_topics_limit_is_permanent() {
        let outside = Outside::default();
        let worker = Worker::new(&outside, retries(), 1);
        let unpublished = |index: usize, bytes: usize| Unpublished {
            publication: Publication {
                event: "x".repeat(bytes),
                event_type: EventType::Confirmed,
                group_id: None,
                trace: None,
            },
            indices: vec![index],
        };
        let max = 256 * 1024 - attribute_bytes(EventType::Confirmed);
        let budget = Budget::new(&&outside, Duration::from_secs(30));
        let mut results = Results::new(2);
        let unpublished = vec![unpublished(0, max + 1), unpublished(1, max)];
        worker
            .publish(unpublished, &budget, &mut results)
            .now_or_never()
            .unwrap();
        let results = results.finish();
        let failure = results[0].as_ref().unwrap_err();
        assert_eq!(
            (failure.permanence(), &*failure.code),
            (Permanence::Permanent, code::TOO_LARGE)
        );
        assert_eq!(results[1], Ok(()));
        assert_eq!(*outside.events.borrow(), ["x".repeat(max)]);
    }
}
