//! The queue as an event source uses it.

use std::future::Future;
use std::time::Duration;

use cloud_faults::Faults;
use cloud_iam::{Caller, Permission};
use cloud_sqs::{ReceivedMessage, Sqs, SqsError};

/// What an event source asks of its queue.
pub(crate) trait Source: Send + Sync + 'static {
    /// Receives up to `max` messages (1 to 10), waiting up to `wait` for the first one. Messages that come twice may
    /// make it more.
    fn receive(
        &self,
        max: usize,
        wait: Duration,
    ) -> impl Future<Output = Result<Vec<ReceivedMessage>, SqsError>> + Send;

    /// Deletes messages by their receipt handles.
    fn delete(&self, receipt_handles: Vec<String>) -> impl Future<Output = Result<(), SqsError>> + Send;

    /// Makes messages visible at once that were not worked on.
    fn release(&self, receipt_handles: Vec<String>) -> impl Future<Output = Result<(), SqsError>> + Send;
}

/// One queue of the queue service, used with the permissions of the function's role. It may deliver twice and in any
/// order: the faults in force see to it.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    pub(crate) sqs: Sqs,
    pub(crate) faults: Faults,
    pub(crate) name: String,
    /// Whose permissions are judged; none may do everything.
    pub(crate) caller: Option<Caller>,
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
        // Source: Lambda Developer Guide, "Using Lambda with Amazon SQS", on the execution role.
        self.authorize(&["sqs:GetQueueAttributes", "sqs:ReceiveMessage"])?;
        let mut received = self.sqs.receive(&self.name, max, wait).await?;
        self.faults.deliver(&self.name, &mut received);
        Ok(received)
    }

    async fn delete(&self, mut receipt_handles: Vec<String>) -> Result<(), SqsError> {
        self.authorize(&["sqs:DeleteMessage"])?;
        let again = self.faults.redeliver(&self.name, &mut receipt_handles);
        if !again.is_empty() {
            self.sqs.release(&self.name, again).await?;
        }
        self.sqs.delete(&self.name, receipt_handles).await
    }

    /// Needs no permission: AWS knows no such release, and lets the visibility run out instead.
    async fn release(&self, receipt_handles: Vec<String>) -> Result<(), SqsError> {
        self.sqs.release(&self.name, receipt_handles).await
    }
}
