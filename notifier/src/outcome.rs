//! How a record's handling ended, and the one list of reasons.

use std::fmt;

use queue_consumer::failure::Failure;

/// How a record's handling ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The order's email is sent and the order is marked: the message may be deleted.
    Done,
    /// It may succeed later.
    Transient(Reason),
    /// It can never succeed by this code.
    Permanent(Reason),
}

/// Why a record is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// What programs tell cases apart by.
    pub code: ErrorCode,
    /// For people. That of a permanent failure may name fields of the message, and belongs into no log; that of a
    /// transient one holds nothing of it.
    pub detail: String,
}

/// The codes of `error_code` in a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorCode {
    /// Permanent: the body is no event.
    MalformedEvent,
    /// Permanent: an event of a type or version that this code does not know.
    UnknownEventType,
    /// The table could not be read.
    TableUnavailable,
    /// The event's order has no row, although the row is made before the event.
    RowMissing,
    /// The topic could not be asked for its subscribers.
    TopicUnavailable,
    /// Nobody has confirmed a subscription to the topic: the email would reach no one.
    NoSubscriber,
    /// The email could not be handed over.
    EmailFailed,
    /// The email was handed over and the row could not be marked.
    MarkFailed,
    /// The invocation had no time left for it.
    OutOfTime,
    /// The code failed on it.
    Panicked,
}

impl ErrorCode {
    /// The code as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MalformedEvent => "malformed_event",
            Self::UnknownEventType => "unknown_event_type",
            Self::TableUnavailable => "table_unavailable",
            Self::RowMissing => "row_missing",
            Self::TopicUnavailable => "topic_unavailable",
            Self::NoSubscriber => "no_subscriber",
            Self::EmailFailed => "email_failed",
            Self::MarkFailed => "mark_failed",
            Self::OutOfTime => "out_of_time",
            Self::Panicked => "panicked",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Outcome {
    /// An outcome to be tried again.
    #[must_use]
    pub fn transient(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Transient(Reason {
            code,
            detail: detail.into(),
        })
    }

    /// Why the queue still has to do with it, unless it is done.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::Done => None,
            Self::Transient(reason) => Some(Failure::transient(reason.code.as_str(), &*reason.detail)),
            Self::Permanent(reason) => Some(Failure::permanent(reason.code.as_str(), &*reason.detail)),
        }
    }

    /// An outcome for good.
    #[must_use]
    pub fn permanent(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Permanent(Reason {
            code,
            detail: detail.into(),
        })
    }
}
