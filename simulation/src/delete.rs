//! The deletion of a message, by a service or by the event source mapping.

use crate::checks::deletion::check_deletion;
use crate::pipeline::Pipeline;
use crate::rule::Rule;
use crate::schedule::TaskId;
use crate::world::World;

impl World {
    /// Deletes a message of an invocation's batch, by its receipt handle.
    pub(crate) fn delete(&self, task: TaskId, pipeline: Pipeline, receipt: &str) {
        let delivery = self.state.borrow().invocations.get(&task).and_then(|invocation| {
            let mut batch = invocation.batch.iter();
            batch.find(|delivery| delivery.receipt == receipt).cloned()
        });
        let Some(delivery) = delivery else {
            self.report_violation(
                Rule::NothingLost,
                "a message was deleted that is not in the batch",
            );
            return;
        };
        check_deletion(self, task, pipeline, &delivery);
        let state = &mut *self.state.borrow_mut();
        let queue = &mut state.queues.entry(pipeline).or_default().source;
        if let Some(index) = queue.find(receipt, &mut state.rng) {
            queue.messages.remove(&index);
        } else {
            state.history.allow_repeat(&delivery.id);
        }
    }
}
