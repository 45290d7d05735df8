//! A failed call, as its error code alone: AWS's error messages may quote values of the request.

use std::borrow::Cow;

use crate::panics::Panicked;

/// Codes for failures on the way to AWS. Every other code is AWS's own.
pub mod code {
    /// The code that makes the call panicked. Whether the call had an effect is unknown.
    pub const PANICKED: &str = "panicked";
    /// The call took longer than the time left for it. Whether it had an effect is unknown.
    pub const TIMED_OUT: &str = "timed_out";
    /// No time was left to begin the call.
    pub const OUT_OF_TIME: &str = "out_of_time";
    /// The answer to a batch call left this item out.
    pub const NO_ANSWER: &str = "no_answer";
    /// There was no connection, or it broke.
    pub const CONNECTION: &str = "connection";
    /// The answer could not be read.
    pub const UNREADABLE_ANSWER: &str = "unreadable_answer";
    /// The request could not be built or signed, for example without credentials.
    pub const UNSENDABLE_REQUEST: &str = "unsendable_request";
    /// AWS answered with an error that has no code.
    pub const UNKNOWN_ERROR: &str = "unknown_error";
}

/// A call, or one item of a batch call, failed, or its outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}")]
pub struct CallError {
    /// One of [`code`], or AWS's own.
    pub code: Cow<'static, str>,
    /// Whether every item of a batch failed so until no time was left: the service is away, and no item is at fault.
    pub is_outage: bool,
}

impl CallError {
    /// An error with this code.
    #[must_use]
    pub fn new(code: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: code.into(),
            is_outage: false,
        }
    }

    /// Whether one item may be at fault for the error of a whole call. Source: the errors of `BatchExecuteStatement`,
    /// `PublishBatch` and `SendMessageBatch`.
    #[must_use]
    pub fn may_be_of_one_item(&self) -> bool {
        matches!(
            &*self.code,
            code::PANICKED
                | code::UNSENDABLE_REQUEST
                | "BatchRequestTooLong"
                | "InvalidMessageContents"
                | "InvalidParameter"
                | "InvalidParameterValue"
                | "ValidationException"
        )
    }

    /// Whether the caller lacks a permission. Source: the errors of DynamoDB and SNS, and the codes of single entries.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        matches!(
            &*self.code,
            "AccessDenied" | "AccessDeniedException" | "AuthorizationError" | "AuthorizationErrorException"
        )
    }

    /// Whether another attempt within the same invocation may succeed. An item that exists, or that AWS refused, stays so.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        !matches!(
            &*self.code,
            code::OUT_OF_TIME
                | "DuplicateItem"
                | "ItemCollectionSizeLimitExceeded"
                | "ValidationError"
                | "ValidationException"
        )
    }
}

impl From<Panicked> for CallError {
    fn from(_: Panicked) -> Self {
        Self::new(code::PANICKED)
    }
}

/// The answer to a batch call: an error of the whole call, or one answer per item, in the order of the items.
pub type Answers<T = ()> = Result<Vec<Result<T, CallError>>, CallError>;

/// Puts the answers of a batch call into the order of the request. The request named each item by its index; an item that
/// is in neither list has no answer.
#[must_use]
pub fn in_order<'a>(
    items: usize,
    successful: impl Iterator<Item = &'a str>,
    failed: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<Result<(), CallError>> {
    let mut answers = vec![Err(CallError::new(code::NO_ANSWER)); items];
    let results = successful
        .map(|id| (id, Ok(())))
        .chain(failed.map(|(id, code)| (id, Err(CallError::new(code.to_owned())))));
    for (id, result) in results {
        if let Some(answer) = id.parse().ok().and_then(|index: usize| answers.get_mut(index)) {
            *answer = result;
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_in_order_and_a_missing_one_has_failed() {
        let answers = in_order(4, ["3", "0", "9"].into_iter(), [("1", "Throttled")].into_iter());
        let expected = vec![
            Ok(()),
            Err(CallError::new("Throttled")),
            Err(CallError::new("no_answer")),
            Ok(()),
        ];
        assert_eq!(answers, expected);
    }
}
