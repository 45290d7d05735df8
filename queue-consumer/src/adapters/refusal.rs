//! A failed SDK call as its code alone, of whichever service.

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use crate::refusal::{Refusal, code};

/// AWS's code where there was an answer, otherwise what happened on the way. Messages are left out: a validation
/// message may quote what it refused.
#[must_use]
pub fn refusal<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Refusal {
    match error {
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) => Refusal::new(code.to_owned()),
            None => Refusal::new(code::UNKNOWN_ERROR),
        },
        SdkError::TimeoutError(_) => Refusal::new(code::TIMED_OUT),
        SdkError::DispatchFailure(_) => Refusal::new(code::CONNECTION),
        SdkError::ResponseError(_) => Refusal::new(code::UNREADABLE_ANSWER),
        _ => Refusal::new(code::UNSENDABLE_REQUEST),
    }
}

/// A request that the SDK would not build.
#[must_use]
pub fn unsendable<E>(_: E) -> Refusal {
    Refusal::new(code::UNSENDABLE_REQUEST)
}

/// Puts the entries of a batch answer, which name their place as their id, back into the order of the request.
#[must_use]
pub fn in_order<'a>(
    count: usize,
    successful: impl Iterator<Item = &'a str>,
    failed: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<Result<(), Refusal>> {
    let mut answers = vec![Err(Refusal::new(code::NO_ANSWER)); count];
    let results = successful
        .map(|id| (id, Ok(())))
        .chain(failed.map(|(id, code)| (id, Err(Refusal::new(code.to_owned())))));
    for (id, result) in results {
        if let Some(answer) = id.parse().ok().and_then(|place: usize| answers.get_mut(place)) {
            *answer = result;
        }
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_in_order_and_a_missing_one_has_failed() {
        let answers = in_order(4, ["3", "0", "9"].into_iter(), [("1", "Throttled")].into_iter());
        let expected = vec![
            Ok(()),
            Err(Refusal::new("Throttled")),
            Err(Refusal::new("no_answer")),
            Ok(()),
        ];
        assert_eq!(answers, expected);
    }
}
