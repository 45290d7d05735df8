//! A call that failed, as its code alone: messages of AWS may quote values.

use std::borrow::Cow;

/// Words for what happened on the way; every other code is AWS's own.
pub mod code {
    /// The code of the call panicked; what it did is not known.
    pub const PANICKED: &str = "panicked";
    /// A call took longer than there was time for; what it did is not known.
    pub const TIMED_OUT: &str = "timed_out";
    /// An answer left an entry out.
    pub const NO_ANSWER: &str = "no_answer";
    /// There was no connection, or it broke.
    pub const CONNECTION: &str = "connection";
    /// The answer could not be read.
    pub const UNREADABLE_ANSWER: &str = "unreadable_answer";
    /// The request could not be made: no credentials, for one.
    pub const UNSENDABLE_REQUEST: &str = "unsendable_request";
    /// AWS refused without a code.
    pub const UNKNOWN_ERROR: &str = "unknown_error";
}

/// A call, or one entry of it, was refused or its outcome is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct Refusal {
    /// One of [`code`], or AWS's own.
    pub code: Cow<'static, str>,
}

impl Refusal {
    /// A refusal with this code.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>) -> Self {
        Self { code: code.into() }
    }
}

/// A batch call's answer: refused as a whole, or one answer an entry, in the order of the entries.
pub type Answers = Result<Vec<Result<(), Refusal>>, Refusal>;
