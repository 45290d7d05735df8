//! The processes of both functions, each with one invocation at a time, and the end of each invocation.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use queue_consumer::ports::Queue;

use super::event::build_event;
use super::event_source::{self, BatchResponse};
use super::process::{Outcome, Process, Task};
use crate::checks::response::check_response;
use crate::pipeline::Pipeline;
use crate::queue::Delivery;
use crate::rule::Rule;
use crate::schedule::{Event, TaskId};
use crate::versions;
use crate::world::{Invocation, State, World};

/// One instance of a function, with the invocation that it runs.
struct Instance {
    pipeline: Pipeline,
    queue: Queue,
    process: Process,
    task: Option<Task>,
    /// When the deploy updates it.
    update_at: Option<Duration>,
    is_updated: bool,
}

impl Instance {
    /// Replaces the process by one of the new code, when its time has come.
    fn update_if_due(&mut self, world: &Rc<World>) {
        let now = world.schedule.now();
        if !self.is_updated && self.update_at.is_some_and(|at| at <= now) {
            self.is_updated = true;
            self.process = Process::start(world, self.pipeline);
        }
    }

    /// The batch as the code of the instance reads it.
    fn read(&self, mut batch: Vec<Delivery>) -> Vec<Delivery> {
        for delivery in &mut batch {
            if self.is_updated && versions::is_new(self.pipeline, &delivery.body) {
                delivery.body = versions::read(self.pipeline, &delivery.body);
                delivery.is_of_version_2 = true;
            }
        }
        batch
    }

    fn is_idle(&self, pipeline: Pipeline, queue: Queue) -> bool {
        (self.pipeline, self.queue) == (pipeline, queue) && self.task.is_none()
    }
}

/// All instances of both functions.
pub(crate) struct Functions {
    world: Rc<World>,
    instances: Vec<Instance>,
    tasks: TaskId,
}

impl Functions {
    pub(crate) fn new(world: &Rc<World>) -> Self {
        let workers = world.plan.setup.workers.max(1) as usize;
        let sources = [
            (workers, Pipeline::Orders, Queue::Main),
            (2, Pipeline::Orders, Queue::Retry),
            (2, Pipeline::Notifications, Queue::Main),
            (2, Pipeline::Notifications, Queue::Retry),
        ];
        let sources = sources
            .into_iter()
            .flat_map(|(count, pipeline, queue)| std::iter::repeat_n((pipeline, queue), count));
        let instances = sources.map(|(pipeline, queue)| Instance {
            pipeline,
            queue,
            process: Process::start(world, pipeline),
            task: None,
            update_at: versions::draw_update(world.plan.deploy.as_ref(), &mut world.state.borrow_mut().rng),
            is_updated: false,
        });
        Self {
            instances: instances.collect(),
            world: world.clone(),
            tasks: 0,
        }
    }

    /// Whether an instance for a queue is idle.
    pub(crate) fn has_idle(&self, pipeline: Pipeline, queue: Queue) -> bool {
        self.instances
            .iter()
            .any(|instance| instance.is_idle(pipeline, queue))
    }

    /// Receives a batch and invokes an idle instance with it. Does nothing without an idle instance or a message.
    pub(crate) fn invoke(&mut self, pipeline: Pipeline, queue: Queue) {
        let idle = self
            .instances
            .iter_mut()
            .find(|instance| instance.is_idle(pipeline, queue));
        let Some(instance) = idle else { return };
        instance.update_if_due(&self.world);
        let batch = instance.read(self.world.receive(pipeline, queue));
        if batch.is_empty() {
            return;
        }
        let is_updated = instance.is_updated;
        self.tasks += 1;
        let id = self.tasks;
        let started = self.world.schedule.now();
        let setup = &self.world.plan.setup;
        let timeout = Duration::from_secs(u64::from(match pipeline {
            Pipeline::Orders => setup.worker_timeout,
            Pipeline::Notifications => setup.notifier_timeout,
        }));
        let deadline = started + timeout;
        instance.task = Some(instance.process.invoke(id, build_event(&batch, queue), timeout));
        let ids: Vec<String> = batch
            .iter()
            .map(|delivery| format!("{}({})", delivery.id, delivery.receives))
            .collect();
        self.world.state.borrow_mut().invocations.insert(
            id,
            Invocation {
                pipeline,
                queue,
                started,
                deadline,
                batch,
                is_updated,
            },
        );
        self.world.schedule.set_running(id);
        self.world
            .trace(|| format!("{pipeline:?} {queue:?} invoked with {}", ids.join(" ")));
        self.world.schedule.at(deadline, Event::Deadline(id));
        self.poll(id);
    }

    /// Runs an invocation until it waits, ends, or its process dies.
    pub(crate) fn poll(&mut self, id: TaskId) {
        let Some(index) = self.find_instance(id) else {
            return;
        };
        self.world.schedule.set_running(id);
        let Some(task) = &mut self.instances[index].task else {
            return;
        };
        match task.poll() {
            Poll::Ready(outcome) => self.end(id, &outcome),
            Poll::Pending => self.kill_if_due(id),
        }
    }

    /// Kills the process if a record of its batch does, or if the plan draws a crash.
    fn kill_if_due(&mut self, id: TaskId) {
        let dies = {
            let state = &mut *self.world.state.borrow_mut();
            let crashes =
                self.world.has_faults() && state.rng.happens_per_mille(self.world.plan.faults.crashes);
            let is_killed = state.killed.take() == Some(id);
            if is_killed {
                count_killed_with_another(state, id);
            }
            is_killed || crashes
        };
        if dies {
            self.kill(id, "died");
        }
    }

    /// Ends an invocation that has reached its deadline.
    pub(crate) fn time_out(&mut self, id: TaskId) {
        if self.find_instance(id).is_some() {
            self.world.schedule.set_running(id);
            self.world
                .report_violation(Rule::ValidResponse, "an invocation reached its deadline");
            self.kill(id, "timed out");
        }
    }

    /// Kills a process during an invocation, and starts a new one.
    fn kill(&mut self, id: TaskId, how: &str) {
        self.world.trace(|| how.to_owned());
        self.world.allow_repeats_of(id);
        if let Some(index) = self.find_instance(id) {
            let instance = &mut self.instances[index];
            instance.task = None;
            instance.process = Process::start(&self.world, instance.pipeline);
        }
        self.world.state.borrow_mut().invocations.remove(&id);
    }

    /// Ends an invocation. The event source mapping deletes the messages that the response does not report as failed.
    fn end(&mut self, id: TaskId, outcome: &Outcome) {
        if let Some(index) = self.find_instance(id) {
            self.instances[index].task = None;
        }
        self.world.trace(|| format!("ended: {outcome:?}"));
        let response = match outcome {
            Ok(response) => response,
            Err(error) => {
                self.end_with_error(id, error);
                return;
            }
        };
        let world = &*self.world;
        let batch = {
            let state = world.state.borrow();
            state
                .invocations
                .get(&id)
                .map(|invocation| (invocation.pipeline, invocation.batch.clone()))
        };
        let Some((pipeline, batch)) = batch else { return };
        let ids: BTreeSet<&str> = batch.iter().map(|delivery| delivery.id.as_str()).collect();
        match event_source::parse_response(response, &ids) {
            BatchResponse::Invalid => {
                world.report_violation(Rule::ValidResponse, format!("Lambda rejects {response}"));
                world.allow_repeats_of(id);
            }
            BatchResponse::Failed(reported) => {
                delete_finished(world, id, pipeline, &batch, &reported);
                let invocation = world.state.borrow_mut().invocations.remove(&id);
                if let Some(invocation) = invocation {
                    check_response(world, id, &invocation, &reported);
                }
            }
        }
        world.state.borrow_mut().invocations.remove(&id);
    }

    /// Ends an invocation that threw an error. The whole batch comes back. No fault of a plan explains that.
    fn end_with_error(&self, id: TaskId, error: &str) {
        self.world
            .report_violation(Rule::ValidResponse, format!("an invocation threw: {error}"));
        self.world.allow_repeats_of(id);
        self.world.state.borrow_mut().invocations.remove(&id);
    }

    fn find_instance(&self, id: TaskId) -> Option<usize> {
        self.instances
            .iter()
            .position(|instance| instance.task.as_ref().is_some_and(|task| task.id == id))
    }
}

/// Deletes the messages of a batch that are not reported as failed. A call of the mapping itself can fail, too.
fn delete_finished(
    world: &World,
    id: TaskId,
    pipeline: Pipeline,
    batch: &[Delivery],
    reported: &BTreeSet<&str>,
) {
    for delivery in batch {
        if reported.contains(delivery.id.as_str()) {
            continue;
        }
        let is_lost = world.has_faults()
            && world
                .state
                .borrow_mut()
                .rng
                .happens_percent(world.plan.faults.lost);
        if is_lost {
            world.state.borrow_mut().history.allow_repeat(&delivery.first);
        } else {
            world.delete(id, pipeline, &delivery.receipt);
        }
    }
}

/// Counts a kill for each message of an invocation that did not cause it. A record that always fails by itself does not
/// count: it is received again and again, and may meet a killer each time.
fn count_killed_with_another(state: &mut State, id: TaskId) {
    let Some(invocation) = state.invocations.get(&id) else {
        return;
    };
    let queue = state.queues[&invocation.pipeline].get(invocation.queue);
    for delivery in &invocation.batch {
        let order = invocation.pipeline.parse_order_id(&delivery.body);
        let is_sound = order.is_some_and(|order| match invocation.pipeline {
            Pipeline::Orders => !state.killers.contains(&order) && !state.panickers.contains_key(&order),
            Pipeline::Notifications => {
                !state.killers_of_notifier.contains(&order)
                    && !state.panickers_of_notifier.contains_key(&order)
                    && state.rows.contains_key(&order)
            }
        });
        // The kill cannot harm a message that is deleted already.
        let is_there = queue.messages.values().any(|message| message.id == delivery.id);
        if is_there && is_sound {
            let kills = &mut state.history.killed_with_another;
            *kills.entry(delivery.id.clone()).or_default() += 1;
        }
    }
}
