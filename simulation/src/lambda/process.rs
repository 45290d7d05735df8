//! A process of a function, and the future of its invocation.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use notifier::Notifier;
use notifier::config::{Settings, email_intervals};
use order_worker::Worker;
use queue_consumer::retries::Retries;
use serde_json::Value;

use super::event::RETRY_QUEUE;
use crate::pipeline::Pipeline;
use crate::ports::notifier::NotifierPorts;
use crate::ports::worker::WorkerPorts;
use crate::schedule::TaskId;
use crate::world::World;

/// A process. Its service lives until the process dies.
#[derive(Clone)]
pub(super) enum Process {
    Worker(Rc<Worker<WorkerPorts>>),
    Notifier(Rc<Notifier<NotifierPorts>>),
}

/// The function's response, or the error that it threw.
pub(super) type Outcome = Result<Value, String>;

impl Process {
    pub(super) fn start(world: &Rc<World>, pipeline: Pipeline) -> Self {
        let setup = &world.plan.setup;
        let seed = world.state.borrow_mut().rng.draw_seed();
        let retries = Retries {
            queue_url: format!("https://sqs/0/{RETRY_QUEUE}"),
            max_age: Duration::from_secs(setup.max_retry_seconds.into()),
        };
        match pipeline {
            Pipeline::Orders => Self::Worker(Rc::new(Worker::new(WorkerPorts(world.clone()), retries, seed))),
            Pipeline::Notifications => {
                // Two instances and two of the retry queue share 8 emails a second, by the template.
                let (email_interval, retry_email_interval) = email_intervals(8, 2, 2);
                let settings = Settings {
                    retries,
                    emails_wanted: true,
                    digest_threshold: setup.digest_threshold as usize,
                    email_interval,
                    retry_email_interval,
                };
                let ports = NotifierPorts(world.clone());
                Self::Notifier(Rc::new(Notifier::new(ports, settings, seed)))
            }
        }
    }

    /// Starts an invocation.
    pub(super) fn invoke(&self, id: TaskId, event: Value, timeout: Duration) -> Task {
        let future: Pin<Box<dyn Future<Output = Outcome>>> = match self.clone() {
            Self::Worker(worker) => Box::pin(async move {
                let response = worker.handle(&event.to_string(), timeout).await;
                let response = response.map_err(|error| error.to_string())?;
                serde_json::to_value(response).map_err(|error| error.to_string())
            }),
            Self::Notifier(notifier) => Box::pin(async move {
                let response = notifier.handle(&event.to_string(), timeout).await;
                let response = response.map_err(|error| error.to_string())?;
                serde_json::to_value(response).map_err(|error| error.to_string())
            }),
        };
        Task {
            id,
            future,
            woken: Arc::new(Woken(AtomicBool::new(false))),
        }
    }
}

/// The future of a running invocation.
pub(super) struct Task {
    pub(super) id: TaskId,
    future: Pin<Box<dyn Future<Output = Outcome>>>,
    woken: Arc<Woken>,
}

/// Whether a future asked to be polled again at once.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Task {
    /// Polls the future until it waits or ends. Lambda's runtime reports a panic of a handler as an error of the
    /// invocation.
    pub(super) fn poll(&mut self) -> Poll<Outcome> {
        let waker = Waker::from(self.woken.clone());
        let mut context = Context::from_waker(&waker);
        let poll = std::panic::AssertUnwindSafe(|| {
            loop {
                let poll = self.future.as_mut().poll(&mut context);
                if poll.is_ready() || !self.woken.0.swap(false, Ordering::Relaxed) {
                    return poll;
                }
            }
        });
        std::panic::catch_unwind(poll).unwrap_or_else(|_| Poll::Ready(Err("panicked".to_owned())))
    }
}
