//! Polls a queue and invokes a function with its messages.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use cloud_faults::Faults;
use cloud_iam::Caller;
use cloud_lambda::{Function, InvokeError};
use cloud_sqs::{Sqs, SqsError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::batch::{Batch, Limits, gather};
use crate::report::{Verdict, parse_answer};
use crate::settings::EventSourceSettings;
use crate::source::{Bill, Queue, Source};

/// The wait after a failed receive.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(1);

/// A running event source mapping.
///
/// One task receives messages and starts up to the maximum number of concurrent invocations. There is no
/// second receiving task, because it would make the batches smaller.
#[derive(Debug)]
pub struct EventSource {
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl EventSource {
    /// Starts polling, with the permissions of `caller`.
    #[must_use]
    pub fn start(
        settings: &EventSourceSettings,
        sqs: Sqs,
        faults: Faults,
        function: Function,
        caller: Option<Caller>,
    ) -> Self {
        let region = sqs.region().to_owned();
        let source = Queue {
            sqs,
            faults,
            name: settings.queue_name.clone(),
            caller,
            bill: Bill::new(
                function.settings().meter.clone(),
                &function.settings().name,
                &settings.queue_name,
            ),
        };
        let concurrency = function.settings().processes.min(function.settings().concurrency);
        let poller = Poller {
            source: Arc::new(source),
            limits: Limits {
                size: settings.batch_size,
                window: settings.batching_window,
                queue_arn: settings.queue_arn.clone(),
                region,
            },
            report_batch_item_failures: settings.report_batch_item_failures,
            // Further batches would wait for the function while their visibility timeout runs.
            permits: Arc::new(Semaphore::new(
                settings
                    .maximum_concurrency
                    .unwrap_or(concurrency)
                    .clamp(1, concurrency.max(1)),
            )),
            function,
        };
        let event_source = Self {
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let (stopping, tasks) = (event_source.stopping.clone(), event_source.tasks.clone());
        event_source
            .tasks
            .spawn(async move { poller.run(&stopping, &tasks).await });
        event_source
    }

    /// Stops receiving. Running batches continue; [`finished`](Self::finished) waits for them.
    pub fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
    }

    /// Waits until the result of the last batch is handled.
    pub async fn finished(&self) {
        self.tasks.wait().await;
    }
}

#[derive(Debug)]
struct Poller<S> {
    source: Arc<S>,
    limits: Limits,
    report_batch_item_failures: bool,
    permits: Arc<Semaphore>,
    function: Function,
}

impl<S: Source> Poller<S> {
    async fn run(self, stopping: &CancellationToken, tasks: &TaskTracker) {
        let poller = Arc::new(self);
        let mut carried = VecDeque::new();
        let mut failing = false;
        while let Some(permit) = stopping
            .run_until_cancelled(poller.permits.clone().acquire_owned())
            .await
        {
            let gathered = gather(&*poller.source, &poller.limits, &mut carried, stopping).await;
            let was_failing = std::mem::replace(&mut failing, gathered.is_err());
            match gathered {
                Ok(batch) if batch.is_empty() => {}
                Ok(batch) if stopping.is_cancelled() => {
                    poller.release(batch.handles_but(&BTreeSet::new())).await;
                }
                Ok(batch) => {
                    // `permit` is always Ok, because the semaphore is never closed.
                    tasks.spawn(poller.clone().process(batch, permit.ok()));
                }
                Err(error) => {
                    // IAM logged the denial already. Without this check it would be logged again every
                    // second.
                    // Of another failure that lasts, one warning is enough as well.
                    if !was_failing && !matches!(error, SqsError::AccessDenied(_)) {
                        tracing::warn!(%error, queue = poller.limits.queue_arn, "could not receive from a queue; trying again");
                    }
                    stopping
                        .run_until_cancelled(tokio::time::sleep(PAUSE_AFTER_ERROR))
                        .await;
                }
            }
        }
        poller
            .release(
                carried
                    .into_iter()
                    .map(|message| message.receipt_handle)
                    .collect(),
            )
            .await;
    }

    /// Makes messages ready that no function worked on, so that the next start need not wait for their
    /// visibility timeout.
    async fn release(&self, receipt_handles: Vec<String>) {
        if !receipt_handles.is_empty()
            && let Err(error) = self.source.release(receipt_handles).await
        {
            tracing::warn!(%error, queue = self.limits.queue_arn, "could not release messages; they stay in flight until their visibility timeout");
        }
    }

    /// Invokes the function and deletes the messages that are done. Failed messages stay in flight until
    /// their visibility timeout, as on AWS.
    async fn process(self: Arc<Self>, mut batch: Batch, _permit: Option<OwnedSemaphorePermit>) {
        let event = batch.take_event();
        let done = match self.function.invoke(event.into()).await {
            // The invocation was killed or did not start, so no process works on the batch.
            Err(InvokeError::Stopping) => return self.release(batch.handles_but(&BTreeSet::new())).await,
            Err(error) => {
                tracing::warn!(
                    function = self.function.settings().name,
                    messages = batch.len(),
                    error_type = error.error_type(),
                    "a batch failed"
                );
                return;
            }
            Ok(_) if !self.report_batch_item_failures => batch.handles_but(&BTreeSet::new()),
            Ok(answer) => match parse_answer(&answer, &batch.ids()) {
                Verdict::Done => batch.handles_but(&BTreeSet::new()),
                Verdict::AllBut(failed) => batch.handles_but(&failed),
                Verdict::Failed(reason) => {
                    let function = &self.function.settings().name;
                    tracing::warn!(
                        function,
                        messages = batch.len(),
                        reason,
                        "a batch failed because the function's answer is not valid"
                    );
                    return;
                }
            },
        };
        if !done.is_empty()
            && let Err(error) = self.source.delete(done).await
        {
            tracing::warn!(%error, queue = self.limits.queue_arn, "could not delete processed messages; they will be delivered again");
        }
    }
}
