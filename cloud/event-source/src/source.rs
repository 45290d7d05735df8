//! The operations of a queue that an event source uses.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cloud_billing::{Meter, Source as BilledSource, sqs};
use cloud_faults::Faults;
use cloud_iam::{Caller, Permission};
use cloud_sqs::{ReceivedMessage, Sqs, SqsError};

/// A queue that an event source polls.
pub(crate) trait Source: Send + Sync + 'static {
    /// Receives up to `max` messages (1 to 10). Waits up to `wait` for the first one. Injected duplicates can
    /// make it more than `max`.
    fn receive(
        &self,
        max: usize,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<ReceivedMessage>, SqsError>> + Send;

    /// Deletes messages by their receipt handles.
    fn delete(&self, receipt_handles: Vec<String>) -> impl Future<Output = Result<(), SqsError>> + Send;

    /// Makes messages ready at once that no function worked on.
    fn release(&self, receipt_handles: Vec<String>) -> impl Future<Output = Result<(), SqsError>> + Send;
}

/// A queue of the queue service, used with the permissions of the function's role. If fault injection is on,
/// it delivers messages twice and in any order.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) sqs: Sqs,
    pub(crate) faults: Faults,
    pub(crate) name: String,
    /// The caller whose permissions are checked. `None` may do everything.
    pub(crate) caller: Option<Caller>,
    pub(crate) bill: Bill,
}

/// Counts the requests of Lambda's pollers, as SQS bills them.
#[derive(Clone, Debug)]
pub(crate) struct Bill {
    meter: Meter,
    function: String,
    /// Whether a message with a message group was received. Deletions then count as grouped too.
    is_grouped: Arc<AtomicBool>,
}

impl Bill {
    pub(crate) fn new(meter: Meter, function: &str, queue: &str) -> Self {
        meter.polls(&BilledSource::Function(function), queue);
        Self {
            meter,
            function: function.to_owned(),
            is_grouped: Arc::default(),
        }
    }

    fn receive(&self, received: &[ReceivedMessage]) {
        let is_grouped = received
            .iter()
            .any(|message| message.attributes.contains_key("MessageGroupId"));
        if is_grouped {
            self.is_grouped.store(true, Ordering::Relaxed);
        }
        let sizes: Vec<usize> = received.iter().map(ReceivedMessage::size).collect();
        self.add(sqs::receive(&sizes, is_grouped));
    }

    fn deletion(&self, messages: usize) {
        self.add(sqs::deletion(messages, self.is_grouped.load(Ordering::Relaxed)));
    }

    fn add(&self, units: cloud_billing::Units) {
        self.meter.add(&BilledSource::Function(&self.function), units);
    }
}

impl Queue {
    fn authorize(&self, actions: &[&str]) -> Result<(), SqsError> {
        let Some(caller) = &self.caller else {
            return Ok(());
        };
        for action in actions {
            let permission = Permission::new(*action, self.sqs.arn(&self.name));
            let judged = self.sqs.iam().authorize(caller, &permission);
            judged.map_err(|denial| SqsError::AccessDenied(denial.to_string()))?;
        }
        Ok(())
    }
}

impl Source for Queue {
    async fn receive(&self, max: usize, wait: Duration) -> Result<Vec<ReceivedMessage>, SqsError> {
        // Source: Lambda Developer Guide, "Using Lambda with Amazon SQS", execution role.
        self.authorize(&["sqs:GetQueueAttributes", "sqs:ReceiveMessage"])?;
        let mut received = self.sqs.receive(&self.name, max, wait).await?;
        self.bill.receive(&received);
        self.faults.deliver(&self.name, &mut received);
        Ok(received)
    }

    async fn delete(&self, mut receipt_handles: Vec<String>) -> Result<(), SqsError> {
        self.authorize(&["sqs:DeleteMessage"])?;
        self.bill.deletion(receipt_handles.len());
        let again = self.faults.redeliver(&self.name, &mut receipt_handles);
        if !again.is_empty() {
            self.sqs.release(&self.name, again).await?;
        }
        self.sqs.delete(&self.name, receipt_handles).await
    }

    /// Needs no permission, because AWS has no such operation: there, the messages wait for their visibility
    /// timeout.
    async fn release(&self, receipt_handles: Vec<String>) -> Result<(), SqsError> {
        self.sqs.release(&self.name, receipt_handles).await
    }
}
