//! A failed SDK call as its code alone, for every service.

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::call_error::{CallError, code};

/// AWS's code where AWS answered, otherwise what happened on the way. The message is left out: a validation message may
/// quote the value that it refuses.
#[must_use]
pub fn call_error<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> CallError {
    match error {
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) => CallError::new(code.to_owned()),
            None => CallError::new(code::UNKNOWN_ERROR),
        },
        SdkError::TimeoutError(_) => CallError::new(code::TIMED_OUT),
        SdkError::DispatchFailure(_) => CallError::new(code::CONNECTION),
        SdkError::ResponseError(_) => CallError::new(code::UNREADABLE_ANSWER),
        _ => CallError::new(code::UNSENDABLE_REQUEST),
    }
}

/// A request that the SDK does not build.
#[must_use]
pub fn unsendable<E>(_: E) -> CallError {
    CallError::new(code::UNSENDABLE_REQUEST)
}
