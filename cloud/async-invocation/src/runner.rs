//! Invokes functions with the events that are due, until it is stopped.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cloud_lambda::InvokeError;
use cloud_sqs::{NewMessage, Sqs, SqsError};
use cloud_store::{StoreError, Tx};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::events::{self, AsyncInvocations, Event};
use crate::failure;
use crate::retries::{Condition, Next, after};
use crate::target::Target;

/// The number of invocations that are under way at the same time.
const MAX_CONCURRENT: usize = 16;
/// The longest wait for the next event, for a time that is set while nobody looks.
const MAX_WAIT: Duration = Duration::from_mins(1);
/// The wait after an error of the store.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Invokes functions. Dropping it stops that.
#[derive(Debug)]
pub struct Runner {
    stopping: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Runner {
    /// Starts to invoke these functions with their events.
    #[must_use]
    pub fn start(events: AsyncInvocations, sqs: Sqs, targets: Vec<Target>) -> Self {
        let targets = targets.into_iter().map(|target| {
            let name = target.function.settings().name.clone();
            (name, Arc::new(target))
        });
        let work = Work {
            events,
            sqs,
            targets: Arc::new(targets.collect()),
        };
        let stopping = CancellationToken::new();
        let task = tokio::spawn(work.run(stopping.clone()));
        Self {
            stopping,
            task: Some(task),
        }
    }

    /// Starts no further invocation.
    pub fn stop(&self) {
        self.stopping.cancel();
    }

    /// Waits until the outcomes of the running invocations are in the store.
    pub async fn finished(&mut self) {
        if let Some(task) = self.task.take() {
            let _ended = task.await;
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

#[derive(Clone, Debug)]
struct Work {
    events: AsyncInvocations,
    sqs: Sqs,
    targets: Arc<BTreeMap<String, Arc<Target>>>,
}

impl Work {
    async fn run(self, stopping: CancellationToken) {
        let mut running = HashSet::new();
        let mut invocations = JoinSet::new();
        while !stopping.is_cancelled() {
            let (added, moved) = (self.events.added.notified(), self.events.clock.moved());
            let wait = match self.start_due(&mut running, &mut invocations).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "events of functions could not be read; trying again");
                    AFTER_ERROR
                }
            };
            tokio::select! {
                Some(ended) = invocations.join_next() => {
                    // An invocation that panicked stays in `running` until the next start.
                    running.remove(&ended.unwrap_or_default());
                }
                () = added => {}
                () = moved => {}
                () = tokio::time::sleep(wait) => {}
                () = stopping.cancelled() => {}
            }
        }
        while invocations.join_next().await.is_some() {}
    }

    /// Starts invocations for the events that are due, and returns the time until the next one.
    async fn start_due(
        &self,
        running: &mut HashSet<i64>,
        invocations: &mut JoinSet<i64>,
    ) -> Result<Duration, StoreError> {
        let room = MAX_CONCURRENT.saturating_sub(invocations.len());
        if room == 0 {
            // The end of an invocation wakes the loop.
            return Ok(MAX_WAIT);
        }
        let (now, known) = (self.events.clock.now_ms(), running.clone());
        let read = self.events.store.run(move |tx| {
            let due = events::due(tx, now, room, &known)?;
            Ok::<_, StoreError>((due, events::next_due(tx, now)?))
        });
        let (due, next) = read.await?;
        for event in due {
            let (work, id) = (self.clone(), event.id);
            running.insert(id);
            invocations.spawn(async move {
                work.deliver(event).await;
                id
            });
        }
        let wait = next.map_or(MAX_WAIT, |next| {
            Duration::from_millis(u64::try_from(next - now).unwrap_or(0))
        });
        Ok(wait.clamp(Duration::from_millis(10), MAX_WAIT))
    }

    /// Invokes the function of an event, and stores the outcome. An outcome that cannot be stored is stored later: until then the
    /// event must not be delivered again.
    async fn deliver(&self, event: Event) {
        let outcome = match self.targets.get(&event.function) {
            Some(target) => {
                let payload = Bytes::from(event.payload.clone());
                Some((Arc::clone(target), target.function.invoke(payload).await))
            }
            None => None,
        };
        while let Err(error) = self.settle(event.clone(), outcome.clone()).await {
            tracing::warn!(%error, "the outcome of an asynchronous invocation could not be stored; trying again");
            if matches!(error, StoreError::Closed) {
                return;
            }
            tokio::time::sleep(AFTER_ERROR).await;
        }
    }

    async fn settle(
        &self,
        event: Event,
        outcome: Option<(Arc<Target>, Result<Bytes, InvokeError>)>,
    ) -> Result<(), StoreError> {
        let work = self.clone();
        let settled = self.events.store.run(move |tx| {
            let Some((target, result)) = outcome else {
                let function = &event.function;
                tracing::warn!(
                    function,
                    "an event is dropped, because {function} does not exist any more"
                );
                return events::remove(tx, event.id);
            };
            let Err(error) = result else {
                return events::remove(tx, event.id);
            };
            match after(&error, &event, &target.settings, work.events.clock.now_ms()) {
                Next::Stay => Ok(()),
                Next::Retry {
                    failures,
                    refusals,
                    due_at,
                } => events::postpone(tx, event.id, failures, refusals, due_at),
                Next::GiveUp(condition) => {
                    events::remove(tx, event.id)?;
                    work.give_up(tx, &event, &target, condition, &error)
                }
            }
        });
        settled.await
    }

    /// Sends an event to the failure destinations of its function. On AWS too, an event that they refuse is lost.
    fn give_up(
        &self,
        tx: &Tx<'_>,
        event: &Event,
        target: &Target,
        condition: Condition,
        error: &InvokeError,
    ) -> Result<(), StoreError> {
        let clock = &self.events.clock;
        let at = clock.wall_ms(clock.now_ms());
        let arn = &target.function.settings().arn;
        let destinations = [
            (
                &target.settings.on_failure,
                failure::record(event, arn, condition, error, at),
            ),
            (
                &target.settings.dead_letter_queue,
                failure::dead_letter(event, error),
            ),
        ];
        let mut kept = false;
        for (queue, message) in destinations {
            let Some(queue) = queue else { continue };
            match self.send(tx, target, queue, &message) {
                Ok(()) => kept = true,
                // The failure of the store, and not of the queue.
                Err(SqsError::Internal(_)) => return Err(StoreError::RolledBack),
                Err(refusal) => tracing::warn!(
                    function = event.function,
                    queue,
                    error = refusal.code(),
                    "a failure destination refused an event"
                ),
            }
        }
        let (function, condition) = (&event.function, condition.name());
        tracing::warn!(function, condition, kept, %error, "an event failed for good");
        Ok(())
    }

    fn send(&self, tx: &Tx<'_>, target: &Target, queue: &str, message: &NewMessage) -> Result<(), SqsError> {
        match &target.caller {
            Some(caller) => self.sqs.send_for(tx, caller, queue, message),
            None => self.sqs.send(tx, queue, message),
        }
    }
}
