//! Announces confirmed orders.

use futures_util::{StreamExt as _, stream};
use order_core::{OrderConfirmed, event};

use super::call::{IN_FLIGHT, guarded};
use super::confirm::Confirmed;
use super::{Verdict, Worker};
use crate::budget::Budget;
use crate::judgement::{self, Failure, code};
use crate::pack::pack;
use crate::ports::{Events, Ports};

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
            match guarded(|| event_of(&OrderConfirmed::from(&row))) {
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
        let batches = pack(&sizes, <P as Events>::MOST_EVENTS, <P as Events>::MOST_BYTES)
            .into_iter()
            .map(|batch| {
                self.repeat(&events[batch], budget, async |events: Vec<&String>| {
                    let events: Vec<&str> = events.into_iter().map(String::as_str).collect();
                    match self
                        .before(budget.cut_work, self.ports.publish_batch(&events))
                        .await
                    {
                        Ok(answers) => answers
                            .into_iter()
                            .map(|answer| answer.map_err(judgement::call))
                            .collect(),
                        Err(refusal) => {
                            let failure = judgement::call(refusal);
                            events.iter().map(|_| Err(failure.clone())).collect()
                        }
                    }
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
}

fn event_of(event: &OrderConfirmed) -> Result<String, Failure> {
    let event = event.to_json();
    if event.len() + ATTRIBUTE_BYTES > 256 * 1024 {
        return Err(Failure::permanent(
            code::TOO_LARGE,
            "the order's event is over 256 KB",
        ));
    }
    Ok(event)
}
