//! The deletion of a message by the event source mapping.

use crate::checks::deletion::check_deletion;
use crate::pipeline::Pipeline;
use crate::rule::Rule;
use crate::schedule::TaskId;
use crate::world::World;

impl World {
    /// Deletes a message of an invocation's batch, by its receipt handle, as its event source mapping does.
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
        let Some(name) = state.invocations.get(&task).map(|invocation| invocation.queue) else {
            return;
        };
        let queue = state.queues.entry(pipeline).or_default().get_mut(name);
        if let Some(index) = queue.find(receipt, &mut state.rng) {
            queue.messages.remove(&index);
        } else {
            state.history.allow_repeat(&delivery.first);
        }
    }
}
