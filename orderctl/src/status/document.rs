//! The document that `status --json` prints.

use serde::{Deserialize, Serialize};
use stack_client::Target;

/// The version of the document. It grows when a field goes away or changes its meaning.
const VERSION: u32 = 1;

/// The status of a system. A field is `null` where the target cannot answer it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Document {
    pub(super) version: u32,
    /// `local` or `aws`
    pub(super) target: &'static str,
    /// `ok`, `degraded` if there are problems, or `down` if it cannot be reached
    pub(super) status: &'static str,
    pub(super) problems: Vec<Problem>,
    pub(super) stack: Option<String>,
    /// When it was started; on AWS when the stack was created.
    pub(super) started_at: Option<String>,
    pub(super) api_url: Option<String>,
    pub(super) data_dir: Option<String>,
    pub(super) queues: Vec<QueueState>,
    pub(super) subscriptions: Vec<SubscriptionState>,
    /// The alarms of the template. Empty on AWS, where CloudWatch shows them.
    pub(super) alarms: Vec<AlarmState>,
    /// Whether faults are injected.
    pub(super) faults_active: Option<bool>,
    pub(super) disk_bytes: Option<u64>,
    pub(super) last_failed_commit: Option<FailedCommit>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    /// A code for programs, such as `dead_letters`
    pub(super) code: String,
    /// A sentence for people
    pub(super) message: String,
    /// What to type about it, if one command helps
    pub(super) command: Option<String>,
}

/// A queue. Counts are approximate on AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueueState {
    pub(crate) name: String,
    pub(crate) visible: u64,
    pub(crate) delayed: u64,
    pub(crate) in_flight: u64,
    /// `null` if the queue is empty, and on AWS, where only `CloudWatch` knows it.
    pub(super) oldest_age_seconds: Option<u64>,
    pub(super) is_dead_letter_queue: bool,
    /// Messages that were added to it since the system started. `null` on AWS, where only `CloudWatch` knows it.
    #[serde(default)]
    pub(super) sent: Option<u64>,
    /// Receives of its messages since the system started.
    #[serde(default)]
    pub(super) received: Option<u64>,
    /// Messages that were deleted from it since the system started.
    #[serde(default)]
    pub(super) deleted: Option<u64>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SubscriptionState {
    pub(super) subscription_arn: String,
    pub(super) topic_arn: String,
    pub(super) protocol: String,
    pub(super) endpoint: String,
    /// `confirmed`, `pending` or `suspended`. SNS shows a suspended one as pending.
    pub(super) state: String,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AlarmState {
    pub(super) name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`
    pub(super) state: String,
    pub(super) description: Option<String>,
    pub(super) reason: String,
    pub(super) since: String,
}

/// A commit that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FailedCommit {
    pub(super) at: String,
    pub(super) reason: String,
}

impl Problem {
    pub(super) fn new(code: &str, message: String, command: Option<String>) -> Self {
        Self {
            code: code.to_owned(),
            message,
            command,
        }
    }
}

impl QueueState {
    /// All its messages.
    pub(crate) fn count(&self) -> u64 {
        self.visible + self.delayed + self.in_flight
    }
}

impl Document {
    /// The queues that hold messages, without the dead-letter queues.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &QueueState> {
        let queues = self.queues.iter();
        queues.filter(|queue| !queue.is_dead_letter_queue && queue.count() > 0)
    }

    /// The status of a system that answers.
    pub(super) fn up(target: Target) -> Self {
        Self {
            version: VERSION,
            target: name(target),
            status: "ok",
            ..Self::default()
        }
    }

    /// The status of a system that cannot be reached.
    pub(super) fn down(target: Target, problem: Problem) -> Self {
        Self {
            status: "down",
            problems: vec![problem],
            ..Self::up(target)
        }
    }
}

fn name(target: Target) -> &'static str {
    match target {
        Target::Local => "local",
        Target::Aws => "aws",
    }
}
