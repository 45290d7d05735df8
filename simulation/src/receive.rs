//! One receive of an event source mapping, with the redrive that SQS does at the same time.

use std::time::Duration;

use queue_consumer::ports::Queue as QueueName;

use crate::checks::dead_letters;
use crate::pipeline::Pipeline;
use crate::queue::{Delivery, ReceiveSettings};
use crate::versions;
use crate::world::World;

impl World {
    /// Receives a batch. A message that has no receive left moves to the dead-letter queue.
    pub(crate) fn receive(&self, pipeline: Pipeline, name: QueueName) -> Vec<Delivery> {
        let now = self.schedule.now();
        let setup = &self.plan.setup;
        let max_messages = match (name, pipeline) {
            (QueueName::Retry, _) => 1,
            (_, Pipeline::Orders) => setup.orders_batch,
            (_, Pipeline::Notifications) => setup.notifications_batch,
        };
        let settings = ReceiveSettings {
            max_messages: max_messages as usize,
            visibility: Duration::from_secs(setup.visibility.into()),
            max_receives: setup.max_receives,
            max_in_flight: setup.max_in_flight as usize,
            in_order: setup.in_order,
            duplicates: if self.has_faults() {
                self.plan.faults.duplicates
            } else {
                0
            },
        };
        let state = &mut *self.state.borrow_mut();
        let queues = state.queues.entry(pipeline).or_default();
        let (deliveries, redriven) = queues.get_mut(name).receive(now, settings, &mut state.rng);
        for mut message in redriven {
            message.visible_at = now;
            message.body = versions::read(pipeline, &message.body);
            dead_letters::check_redriven(&self.plan, &mut state.history, pipeline, &message);
            queues.dead_letters.push(message);
        }
        for delivery in &deliveries {
            let is_hidden =
                queues.get(name).messages.values().any(|message| {
                    message.id == delivery.id && message.visible_at == now + settings.visibility
                });
            let is_in_flight = state
                .invocations
                .values()
                .any(|invocation| invocation.batch.iter().any(|earlier| earlier.id == delivery.id));
            let is_twice = deliveries.iter().filter(|other| other.id == delivery.id).count() > 1;
            if !is_hidden || is_in_flight || is_twice {
                state.history.allow_repeat(&delivery.first);
            }
        }
        deliveries
    }
}
