//! Announces confirmed orders.

use futures_util::{StreamExt as _, stream};
use order_core::{OrderConfirmed, event};
use queue_consumer::failure::Failure;
use queue_consumer::pack::pack;
use queue_consumer::refusal::Refusal;

use super::call::{IN_FLIGHT, guarded};
use super::confirm::Confirmed;
use super::{Verdict, Worker};
use crate::budget::Budget;
use crate::judgement::{self, WholeCall, code};
use crate::ports::Ports;

/// What the attribute `event_type` adds to an event, in bytes: name, type and value.
const ATTRIBUTE_BYTES: usize = "event_type".len() + "String".len() + event::TYPE.len();

impl<P: Ports> Worker<P> {
    /// Publishes one event an order, whether it was inserted now or before: that a row exists does not prove that its
    /// event went out.
    pub(crate) async fn publish(
        &self,
        confirmed: Vec<Confirmed>,
        budget: &Budget,
        verdicts: &mut Vec<Verdict>,
    ) {
        let mut events = Vec::with_capacity(confirmed.len());
        let mut waiting = Vec::with_capacity(confirmed.len());
        for Confirmed { row, indices } in confirmed {
            match guarded(|| within_limit(OrderConfirmed::from(&row).to_json())) {
                Ok(event) => {
                    events.push(event);
                    waiting.push((row.order_id, indices));
                }
                Err(failure) => verdicts.extend(indices.into_iter().map(|index| {
                    let result = Err(failure.clone());
                    Verdict {
                        index,
                        order_id: Some(row.order_id),
                        result,
                    }
                })),
            }
        }
        let sizes: Vec<usize> = events.iter().map(|event| event.len() + ATTRIBUTE_BYTES).collect();
        let batches = pack(&sizes, P::MAX_EVENTS, P::MAX_BYTES)
            .into_iter()
            .map(|batch| {
                self.repeat(&events[batch], budget, async |events: Vec<&String>| {
                    let events: Vec<&str> = events.into_iter().map(String::as_str).collect();
                    self.publish_once(&events, budget).await
                })
            });
        let results = stream::iter(batches)
            .buffered(IN_FLIGHT)
            .collect::<Vec<_>>()
            .await
            .concat();
        for ((order_id, indices), result) in waiting.into_iter().zip(results) {
            verdicts.extend(indices.into_iter().map(|index| {
                let result: Result<(), Failure> = result.clone();
                Verdict {
                    index,
                    order_id: Some(order_id),
                    result,
                }
            }));
        }
    }

    async fn publish_once(&self, events: &[&str], budget: &Budget) -> Vec<Result<(), Failure>> {
        let refusal = match self
            .before(budget.cut_work, self.ports.publish_batch(events))
            .await
        {
            Ok(answers) => {
                return answers
                    .into_iter()
                    .map(|answer| answer.map_err(judgement::call))
                    .collect();
            }
            Err(refusal) => refusal,
        };
        match judgement::whole_publish(refusal, events.len()) {
            WholeCall::Failed(failure) => vec![Err(failure); events.len()],
            WholeCall::OneByOne => {
                let mut results = Vec::with_capacity(events.len());
                for event in events {
                    results.push(self.publish_alone(event, budget).await);
                }
                results
            }
        }
    }

    async fn publish_alone(&self, event: &str, budget: &Budget) -> Result<(), Failure> {
        if self.ports.monotonic() >= budget.stop_work {
            return Err(judgement::out_of_time());
        }
        let answers = self
            .before(budget.cut_work, self.ports.publish_batch(&[event]))
            .await;
        let answer = answers.and_then(|answers| {
            let answer = answers.into_iter().next();
            answer.unwrap_or_else(|| Err(Refusal::new(code::NO_ANSWER)))
        });
        answer.map_err(judgement::call)
    }
}

/// The event, unless SNS would not take it by itself. The limits of an order keep this out of reach.
fn within_limit(event: String) -> Result<String, Failure> {
    if event.len() + ATTRIBUTE_BYTES > 256 * 1024 {
        return Err(Failure::permanent(
            code::TOO_LARGE,
            "the order's event is over 256 KB",
        ));
    }
    Ok(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use queue_consumer::failure::Permanence;

    #[test]
    fn an_event_over_the_topics_limit_is_permanent() {
        let most = 256 * 1024 - ATTRIBUTE_BYTES;
        assert_eq!(within_limit("x".repeat(most)), Ok("x".repeat(most)));
        let failure = within_limit("x".repeat(most + 1)).unwrap_err();
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::TOO_LARGE)
        );
    }
}
