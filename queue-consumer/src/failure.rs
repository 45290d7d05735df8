//! Why a record failed, and the failure table of both consumers.

use std::borrow::Cow;

use function_runtime::CallError;
use function_runtime::call_error::code::{OUT_OF_TIME, PANICKED};

/// Whether a later attempt may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permanence {
    /// This version of the code can never process the message. It is dead-lettered at its first receive.
    Permanent,
    /// A later attempt may succeed.
    Transient,
}

/// The codes that the consumers give. A table says what each means, in `docs/OPERATIONS.md`.
pub mod code {
    /// order-worker: the message cannot be read.
    pub const MALFORMED: &str = "malformed";
    /// The message or event is of a version that this code does not know. During a deployment its sender may be newer.
    pub const UNKNOWN_VERSION: &str = "unknown_version";
    /// order-worker: another order is stored under the order's id.
    pub const CONFLICT: &str = "conflict";
    /// order-worker: the order is older than rows are kept, so that it may have been stored and deleted.
    pub const EXPIRED: &str = "expired";
    /// order-worker: the table can never accept the row.
    pub const INVALID_ITEM: &str = "invalid_item";
    /// order-worker: over a limit of the topic.
    pub const TOO_LARGE: &str = "too_large";
    /// The insert said that the row exists, and the read that it does not; or the event's order has no row.
    pub const ROW_MISSING: &str = "row_missing";
    /// order-worker: the order of a cancellation is not stored, or not yet.
    pub const ORDER_MISSING: &str = "order_missing";
    /// order-worker: this version of the code cannot read the stored row.
    pub const UNREADABLE_ROW: &str = "unreadable_row";
    /// The table did not read this row for lack of capacity.
    pub const UNPROCESSED: &str = "unprocessed";
    /// notifier: the body is not an event.
    pub const MALFORMED_EVENT: &str = "malformed_event";
    /// notifier: an event of another type.
    pub const UNKNOWN_EVENT_TYPE: &str = "unknown_event_type";
    /// notifier: the table could not be read or marked.
    pub const TABLE_UNAVAILABLE: &str = "table_unavailable";
    /// notifier: the topic's subscribers could not be read.
    pub const TOPIC_UNAVAILABLE: &str = "topic_unavailable";
    /// notifier: the topic has no confirmed subscriber, so that the email would reach nobody.
    pub const NO_SUBSCRIBER: &str = "no_subscriber";
    /// notifier: the email could not be published.
    pub const EMAIL_FAILED: &str = "email_failed";
    /// notifier: the email was published, and the row could not be marked.
    pub const MARK_FAILED: &str = "mark_failed";
    /// The process died at every receive.
    pub const PROCESS_DIED: &str = "process_died";
    /// The code gave no result for this record.
    pub const FORGOTTEN: &str = "forgotten";
}

/// The codes of permanent failures. Every other code of this table, of [`function_runtime::call_error::code`] and of AWS is
/// transient: when in doubt, a message is tried again.
const PERMANENT: [&str; 7] = [
    code::MALFORMED,
    code::CONFLICT,
    code::EXPIRED,
    code::INVALID_ITEM,
    code::TOO_LARGE,
    code::MALFORMED_EVENT,
    code::UNKNOWN_EVENT_TYPE,
];

/// Why a record failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The code, for programs: one of [`code`], of [`function_runtime::call_error::code`], or AWS's own.
    pub code: Cow<'static, str>,
    /// The detail, for people. The dead letter holds it. No log may hold that of a permanent failure, which may name
    /// content of the message.
    pub detail: String,
    /// Whether the service that the record needs is away. Then the record is received again soon, whatever its receives.
    pub is_outage: bool,
}

impl Failure {
    /// A failure with this code.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            detail: detail.into(),
            is_outage: false,
        }
    }

    /// The code panicked.
    #[must_use]
    pub fn panicked() -> Self {
        Self::new(PANICKED, "the code panicked on this record")
    }

    /// The invocation's time ended.
    #[must_use]
    pub fn out_of_time() -> Self {
        Self::new(
            OUT_OF_TIME,
            "the invocation's time ended before this record was handled",
        )
    }

    /// A failed call that the record depends on, under this code.
    #[must_use]
    pub fn of_call(code: impl Into<Cow<'static, str>>, error: &CallError) -> Self {
        match &*error.code {
            PANICKED => Self::panicked(),
            OUT_OF_TIME => Self::out_of_time(),
            _ => Self {
                is_outage: error.is_outage,
                ..Self::new(
                    code,
                    format!("a call that this record depends on failed: {error}"),
                )
            },
        }
    }

    /// Whether the code could not parse the message.
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        [code::MALFORMED, code::MALFORMED_EVENT].contains(&&*self.code)
    }

    /// Whether a later attempt may succeed.
    #[must_use]
    pub fn permanence(&self) -> Permanence {
        if PERMANENT.contains(&&*self.code) {
            Permanence::Permanent
        } else {
            Permanence::Transient
        }
    }
}

/// Under AWS's own code.
impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::of_call(error.code.clone(), &error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_aws_is_transient_and_a_failed_call_keeps_it() {
        for code in [
            "ThrottlingError",
            "ProvisionedThroughputExceeded",
            "RequestLimitExceeded",
            "TransactionConflict",
            "InternalServerError",
            "ResourceNotFound",
            "AccessDenied",
            "timed_out",
            "connection",
            "SomethingNew",
        ] {
            let failure = Failure::from(CallError::new(code));
            assert_eq!(
                (failure.permanence(), &*failure.code),
                (Permanence::Transient, code)
            );
        }
    }

    #[test]
    fn a_panic_and_the_end_of_time_keep_their_codes() {
        for code in [PANICKED, OUT_OF_TIME] {
            let failure = Failure::of_call(code::EMAIL_FAILED, &CallError::new(code));
            assert_eq!(
                (&*failure.code, failure.permanence()),
                (code, Permanence::Transient)
            );
        }
        let failure = Failure::of_call(code::EMAIL_FAILED, &CallError::new("InternalError"));
        assert_eq!(failure.code, code::EMAIL_FAILED);
        assert!(failure.detail.ends_with("InternalError"));
    }
}
