//! The outcome of a record, and the list of reasons.

use std::fmt;

use queue_consumer::failure::Failure;

/// The outcome of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The order's email is sent and the order is marked: the message may be deleted.
    Done,
    /// A later attempt may succeed.
    Transient(Reason),
    /// This version of the code can never handle it.
    Permanent(Reason),
}

/// Why a record is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The code, for programs.
    pub code: ErrorCode,
    /// The detail, for people. The detail of a permanent failure may name fields of the message, so no log may hold it. The
    /// detail of a transient failure holds no content of the message.
    pub detail: String,
}

/// The codes of `error_code` in a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorCode {
    /// Permanent: the body is not an event.
    MalformedEvent,
    /// Permanent: an event of a type or version that this code does not know.
    UnknownEventType,
    /// The table could not be read.
    TableUnavailable,
    /// The event's order has no row, although the row is written before the event.
    RowMissing,
    /// The topic's subscribers could not be read.
    TopicUnavailable,
    /// The topic has no confirmed subscriber: the email would reach nobody.
    NoSubscriber,
    /// The email could not be published.
    EmailFailed,
    /// The email was published, and the row could not be marked.
    MarkFailed,
    /// The invocation had no time left.
    OutOfTime,
    /// The code panicked.
    Panicked,
}

impl ErrorCode {
    /// The code as a dead letter and the logs hold it.
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
    /// A transient failure.
    #[must_use]
    pub fn transient(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Transient(Reason {
            code,
            detail: detail.into(),
        })
    }

    /// The failure, unless the record is done.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        match self {
            Self::Done => None,
            Self::Transient(reason) => Some(Failure::transient(reason.code.as_str(), &*reason.detail)),
            Self::Permanent(reason) => Some(Failure::permanent(reason.code.as_str(), &*reason.detail)),
        }
    }

    /// A permanent failure.
    #[must_use]
    pub fn permanent(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::Permanent(Reason {
            code,
            detail: detail.into(),
        })
    }
}
