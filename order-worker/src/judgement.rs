//! What a failure means: the one place that decides between "never" and "not yet".

use order_core::message::MessageError;
use order_core::row::RowError;
use order_core::{OrderMessage, OrderRow};
use queue_consumer::failure::{Failure, Permanence};
use queue_consumer::refusal::Refusal;

/// Codes that this service gives; every other code in a dead letter is of [`queue_consumer::refusal::code`], or AWS's own.
pub mod code {
    pub use queue_consumer::refusal::code::{NO_ANSWER, PANICKED, TIMED_OUT};

    /// The message cannot be read.
    pub const MALFORMED: &str = "malformed";
    /// The message is of a version that this code does not know.
    pub const UNKNOWN_VERSION: &str = "unknown_version";
    /// The order's id is taken by another order.
    pub const CONFLICT: &str = "conflict";
    /// The table will never take the row.
    pub const INVALID_ITEM: &str = "invalid_item";
    /// Over a limit of the queue, the table or the topic.
    pub const TOO_LARGE: &str = "too_large";
    /// The insert said that the row exists, the read that it does not.
    pub const ROW_MISSING: &str = "row_missing";
    /// The stored row was written by rules that this code does not know.
    pub const UNREADABLE_ROW: &str = "unreadable_row";
    /// The invocation's time ran out before this record's turn.
    pub const OUT_OF_TIME: &str = "out_of_time";
    /// The code came to no verdict on this record.
    pub const FORGOTTEN: &str = "forgotten";
    /// The table had no capacity for a part of a read.
    pub const UNPROCESSED: &str = "unprocessed";
}

/// The invocation's time ran out.
#[must_use]
pub fn out_of_time() -> Failure {
    Failure::transient(
        code::OUT_OF_TIME,
        "the invocation's time ran out before this record's turn",
    )
}

/// The code panicked.
#[must_use]
pub fn panicked() -> Failure {
    Failure::transient(code::PANICKED, "the code panicked on this record")
}

/// The code came to no verdict.
#[must_use]
pub fn forgotten() -> Failure {
    Failure::transient(code::FORGOTTEN, "the code came to no verdict on this record")
}

/// Whether another attempt within the same invocation may help. A missing permission, table or time does not come back
/// within seconds.
#[must_use]
pub fn is_worth_another_attempt(failure: &Failure) -> bool {
    failure.permanence == Permanence::Transient
        && !matches!(
            &*failure.code,
            code::OUT_OF_TIME | code::PANICKED | code::ROW_MISSING | code::UNREADABLE_ROW
        )
        && ![
            "AccessDenied",
            "ResourceNotFound",
            "NotFound",
            "UnrecognizedClient",
        ]
        .iter()
        .any(|hopeless| failure.code.starts_with(hopeless))
}

/// A message that cannot be decoded.
#[must_use]
pub fn message(error: &MessageError) -> Failure {
    match error {
        MessageError::Malformed(_) => Failure::permanent(code::MALFORMED, error.to_string()),
        MessageError::UnknownVersion(_) => Failure::permanent(code::UNKNOWN_VERSION, error.to_string()),
    }
}

/// How an insert ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    /// The row is new.
    Inserted,
    /// A row of this id exists: compare.
    Duplicate,
}

/// One statement of an insert batch.
pub fn statement(answer: Result<(), Refusal>) -> Result<Insertion, Failure> {
    match answer {
        Ok(()) => Ok(Insertion::Inserted),
        Err(refusal) => match &*refusal.code {
            "DuplicateItem" => Ok(Insertion::Duplicate),
            "ValidationError" | "ItemCollectionSizeLimitExceeded" => Err(Failure::permanent(
                code::INVALID_ITEM,
                format!("the table refused the row: {refusal}"),
            )),
            _ => Err(call(refusal)),
        },
    }
}

/// What to do about a batch call that was refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WholeCall {
    /// One entry may be at fault for all: make the call for each alone.
    OneByOne,
    /// Each entry failed with this.
    Failed(Failure),
}

/// An insert batch of `statements` that was refused as a whole.
#[must_use]
pub fn whole_insert(refusal: Refusal, statements: usize) -> WholeCall {
    match &*refusal.code {
        "ValidationException" | code::PANICKED if statements > 1 => WholeCall::OneByOne,
        "ValidationException" => WholeCall::Failed(Failure::permanent(
            code::INVALID_ITEM,
            format!("the table refused the row: {refusal}"),
        )),
        _ => WholeCall::Failed(call(refusal)),
    }
}

/// A read of `rows` that was refused as a whole.
#[must_use]
pub fn whole_read(refusal: Refusal, rows: usize) -> WholeCall {
    match &*refusal.code {
        code::PANICKED if rows > 1 => WholeCall::OneByOne,
        _ => WholeCall::Failed(call(refusal)),
    }
}

/// A publish of `events` that was refused as a whole.
#[must_use]
pub fn whole_publish(refusal: Refusal, events: usize) -> WholeCall {
    match &*refusal.code {
        "BatchRequestTooLong"
        | "InvalidParameter"
        | "InvalidParameterValue"
        | "ValidationException"
        | code::PANICKED
            if events > 1 =>
        {
            WholeCall::OneByOne
        }
        // A topic that refuses a single event may be set up wrongly, which somebody can mend.
        _ => WholeCall::Failed(call(refusal)),
    }
}

/// Any other refused call or entry.
#[must_use]
pub fn call(refusal: Refusal) -> Failure {
    if refusal.code == code::PANICKED {
        return panicked();
    }
    let detail = format!("a call that this record depends on failed: {refusal}");
    Failure::transient(refusal.code, detail)
}

/// A message whose id has a row, or seemed to: it is done before if the row says the same.
pub fn stored(row: Option<Result<OrderRow, RowError>>, message: &OrderMessage) -> Result<OrderRow, Failure> {
    match row {
        None => Err(Failure::transient(
            code::ROW_MISSING,
            "the order's row exists by one answer and not by another",
        )),
        // A later version of the code may have written it, and may be back soon.
        Some(Err(error)) => Err(Failure::transient(code::UNREADABLE_ROW, error.to_string())),
        // The stored fingerprint's version decides how the two are compared.
        Some(Ok(row)) if row.fingerprint.matches(&message.order) => Ok(row),
        Some(Ok(_)) => Err(Failure::permanent(
            code::CONFLICT,
            "another order is stored under this order_id",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::message as order_message;
    use order_core::Timestamp;
    use time::OffsetDateTime;

    fn row_of(message: OrderMessage) -> OrderRow {
        OrderRow::confirmed(message, Timestamp::new(OffsetDateTime::UNIX_EPOCH))
    }

    #[test]
    fn an_undecodable_message_is_permanent() {
        let failure = message(&MessageError::Malformed("no".to_owned()));
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::MALFORMED)
        );
    }

    #[test]
    fn an_unknown_version_is_permanent() {
        let failure = message(&MessageError::UnknownVersion(9));
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::UNKNOWN_VERSION)
        );
    }

    #[test]
    fn a_statement_that_is_invalid_is_permanent() {
        let failure = statement(Err(Refusal::new("ValidationError"))).unwrap_err();
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::INVALID_ITEM)
        );
    }

    #[test]
    fn a_row_that_the_table_will_never_take_is_permanent() {
        let failure = statement(Err(Refusal::new("ItemCollectionSizeLimitExceeded"))).unwrap_err();
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::INVALID_ITEM)
        );
    }

    #[test]
    fn a_duplicate_is_no_failure_yet() {
        assert_eq!(
            statement(Err(Refusal::new("DuplicateItem"))),
            Ok(Insertion::Duplicate)
        );
        assert_eq!(statement(Ok(())), Ok(Insertion::Inserted));
    }

    #[test]
    fn the_same_fingerprint_was_done_before() {
        let message = order_message(1, "same");
        let row = row_of(message.clone());
        assert_eq!(stored(Some(Ok(row.clone())), &message), Ok(row));
    }

    #[test]
    fn another_fingerprint_is_a_conflict() {
        let failure = stored(
            Some(Ok(row_of(order_message(1, "one")))),
            &order_message(1, "other"),
        )
        .unwrap_err();
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::CONFLICT)
        );
    }

    #[test]
    fn a_duplicate_without_a_row_is_transient() {
        let failure = stored(None, &order_message(1, "one")).unwrap_err();
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Transient, code::ROW_MISSING)
        );
    }

    #[test]
    fn a_row_of_a_later_version_is_transient() {
        let error = RowError {
            attribute: "schema_version",
            reason: "is not known".to_owned(),
        };
        let failure = stored(Some(Err(error)), &order_message(1, "one")).unwrap_err();
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Transient, code::UNREADABLE_ROW)
        );
    }

    #[test]
    fn what_can_pass_is_transient_with_its_code() {
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
            let failure = statement(Err(Refusal::new(code))).unwrap_err();
            assert_eq!(
                (failure.permanence, &*failure.code),
                (Permanence::Transient, code)
            );
            let hopeless = matches!(code, "ResourceNotFound" | "AccessDenied");
            assert_eq!(is_worth_another_attempt(&failure), !hopeless, "{code}");
        }
    }

    #[test]
    fn a_whole_call_refused_as_invalid_runs_statement_by_statement() {
        let refusal = Refusal::new("ValidationException");
        assert_eq!(whole_insert(refusal.clone(), 25), WholeCall::OneByOne);
        let WholeCall::Failed(failure) = whole_insert(refusal, 1) else {
            panic!("runs for ever")
        };
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::INVALID_ITEM)
        );
    }

    #[test]
    fn a_whole_call_refused_otherwise_is_transient_for_all() {
        let WholeCall::Failed(failure) = whole_insert(Refusal::new("ThrottlingException"), 25) else {
            panic!("not split")
        };
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Transient, "ThrottlingException")
        );
    }

    #[test]
    fn a_publish_refused_as_invalid_or_panicked_runs_event_by_event() {
        for code in [
            "BatchRequestTooLong",
            "InvalidParameter",
            "ValidationException",
            "panicked",
        ] {
            assert_eq!(
                whole_publish(Refusal::new(code), 10),
                WholeCall::OneByOne,
                "{code}"
            );
            let WholeCall::Failed(failure) = whole_publish(Refusal::new(code), 1) else {
                panic!("runs for ever")
            };
            assert_eq!(
                (failure.permanence, &*failure.code),
                (Permanence::Transient, code)
            );
        }
        let throttled = whole_publish(Refusal::new("Throttled"), 10);
        assert!(matches!(throttled, WholeCall::Failed(failure) if failure.code == "Throttled"));
    }
}
