//! A failed SDK call as its code alone.

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use crate::ports::Refusal;

/// AWS's code where there was an answer, otherwise what happened on the way. Messages are left out: a validation
/// message may quote what it refused.
pub(super) fn refusal<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Refusal {
    match error {
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) => Refusal::new(code.to_owned()),
            None => Refusal::new("unknown_error"),
        },
        SdkError::TimeoutError(_) => Refusal::new("timed_out"),
        SdkError::DispatchFailure(_) => Refusal::new("connection"),
        SdkError::ResponseError(_) => Refusal::new("unreadable_answer"),
        // The request could not be made: no credentials, for one.
        _ => Refusal::new("unsendable_request"),
    }
}

/// Puts the entries of a batch answer, which name their place as their id, back into the order of the request.
pub(super) fn in_order<'a>(
    count: usize,
    successful: impl Iterator<Item = &'a str>,
    failed: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<Result<(), Refusal>> {
    let mut answers = vec![Err(Refusal::new(crate::judgement::code::NO_ANSWER)); count];
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
