//! The services behind the endpoint.

use std::sync::Arc;

use cloud_billing::Meter;
use cloud_cloudwatch::CloudWatch;
use cloud_dynamodb::DynamoDb;
use cloud_faults::Faults;
use cloud_iam::{AccessKeys, Iam};
use cloud_s3::S3;
use cloud_sns::{Mailbox, Sns};
use cloud_sqs::Sqs;
use cloud_wire::{Activity, Clock};
use tokio::sync::watch;

use crate::call_counts::CallCounts;
use crate::instance::Instance;

/// The services behind the endpoint, open; cheap to clone.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Queues.
    pub sqs: Sqs,
    /// Topics.
    pub sns: Sns,
    /// The mailbox.
    pub mailbox: Mailbox,
    /// Tables.
    pub dynamodb: DynamoDb,
    /// Buckets and objects.
    pub s3: S3,
    /// Metrics and alarms.
    pub cloud_watch: CloudWatch,
    /// Which access key is whose.
    pub access_keys: AccessKeys,
    /// The injected faults.
    pub faults: Faults,
    /// The calls of the functions, counted.
    pub calls: CallCounts,
    /// Where billed units are counted.
    pub meter: Meter,
    /// The clock of queues and mailbox.
    pub clock: Clock,
    /// This run, as its health and its status describe it.
    pub instance: Instance,
    /// Ends long polls and background work when it becomes true.
    pub stop: Arc<watch::Sender<bool>>,
}

impl Backend {
    /// The permissions of all callers, and the denied calls.
    #[must_use]
    pub fn iam(&self) -> &Iam {
        self.sqs.iam()
    }

    /// Whether something happened that a status shows.
    #[must_use]
    pub fn activity(&self) -> &Activity {
        self.sqs.activity()
    }

    /// Ends long polls with what there is, and background work. Other calls go on.
    pub fn stop_waiting(&self) {
        self.stop.send_replace(true);
    }
}
