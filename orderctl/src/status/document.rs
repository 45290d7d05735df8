//! The document that `status --json` prints.

use serde::{Deserialize, Serialize};
use stack_client::Target;

/// The version of the document. It grows when a field goes away or changes its meaning.
const VERSION: u32 = 1;

/// The status of a system. A field is `null` where the target cannot answer it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Document {
    pub(crate) version: u32,
    /// `local` or `aws`
    pub(crate) target: &'static str,
    /// `ok`, `degraded` if there are problems, or `down` if it cannot be reached
    pub(crate) status: &'static str,
    pub(crate) problems: Vec<Problem>,
    pub(crate) stack: Option<String>,
    /// When it was started; on AWS when the stack was created.
    pub(crate) started_at: Option<String>,
    pub(crate) api_url: Option<String>,
    pub(crate) data_dir: Option<String>,
    pub(crate) queues: Vec<QueueState>,
    pub(crate) subscriptions: Vec<SubscriptionState>,
    /// The alarms of the template. Empty on AWS, where CloudWatch shows them.
    pub(crate) alarms: Vec<AlarmState>,
    /// Whether faults are injected.
    pub(crate) faults_active: Option<bool>,
    pub(crate) disk_bytes: Option<u64>,
    pub(crate) last_failed_commit: Option<FailedCommit>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// A code for programs, such as `dead_letters`
    pub(crate) code: String,
    /// A sentence for people
    pub(crate) message: String,
    /// What to type about it, if one command helps
    pub(crate) command: Option<String>,
}

/// A queue. Counts are approximate on AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct QueueState {
    pub(crate) name: String,
    pub(crate) visible: u64,
    pub(crate) delayed: u64,
    pub(crate) in_flight: u64,
    /// `null` if the queue is empty, and on AWS, where only `CloudWatch` knows it.
    pub(crate) oldest_age_seconds: Option<u64>,
    pub(crate) is_dead_letter_queue: bool,
    /// Messages that were added to it since the system started. `null` on AWS, where only `CloudWatch` knows it.
    #[serde(default)]
    pub(crate) sent: Option<u64>,
    /// Receives of its messages since the system started.
    #[serde(default)]
    pub(crate) received: Option<u64>,
    /// Messages that were deleted from it since the system started.
    #[serde(default)]
    pub(crate) deleted: Option<u64>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SubscriptionState {
    pub(crate) subscription_arn: String,
    pub(crate) topic_arn: String,
    pub(crate) protocol: String,
    pub(crate) endpoint: String,
    /// `confirmed`, `pending` or `suspended`. SNS shows a suspended one as pending.
    pub(crate) state: String,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AlarmState {
    pub(crate) name: String,
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`
    pub(crate) state: String,
    pub(crate) description: Option<String>,
    pub(crate) reason: String,
    pub(crate) since: String,
}

/// A commit that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FailedCommit {
    pub(crate) at: String,
    pub(crate) reason: String,
}

impl Problem {
    pub(crate) fn new(code: &str, message: String, command: Option<String>) -> Self {
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
    pub(crate) fn up(target: Target) -> Self {
        Self {
            version: VERSION,
            target: name(target),
            status: "ok",
            ..Self::default()
        }
    }

    /// The status of a system that cannot be reached.
    pub(crate) fn down(target: Target, problem: Problem) -> Self {
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
