//! Classifies failures: the one place that decides whether a later attempt may succeed.

use function_runtime::CallError;
use order_core::message::MessageError;
use order_table::{OrderRow, RowError};
use queue_consumer::failure::Failure;

/// Codes that this service gives. Every other code in a dead letter is one of [`function_runtime::call_error::code`], or AWS's
/// own.
pub mod code {
    pub use function_runtime::call_error::code::{NO_ANSWER, OUT_OF_TIME, PANICKED, TIMED_OUT};

    /// The message cannot be read.
    pub const MALFORMED: &str = "malformed";
    /// The message is of a version that this code does not know.
    pub const UNKNOWN_VERSION: &str = "unknown_version";
    /// Another order is stored under the order's id.
    pub const CONFLICT: &str = "conflict";
    /// The table can never accept the row.
    pub const INVALID_ITEM: &str = "invalid_item";
    /// Over a limit of the queue, the table or the topic.
    pub const TOO_LARGE: &str = "too_large";
    /// The insert said that the row exists, and the read that it does not.
    pub const ROW_MISSING: &str = "row_missing";
    /// This version of the code cannot read the stored row.
    pub const UNREADABLE_ROW: &str = "unreadable_row";
    /// The code gave no result for this record.
    pub const FORGOTTEN: &str = "forgotten";
    /// The table did not read this row for lack of capacity.
    pub const UNPROCESSED: &str = "unprocessed";
}

/// The invocation's time ended before the record was handled.
#[must_use]
pub fn out_of_time() -> Failure {
    Failure::transient(
        code::OUT_OF_TIME,
        "the invocation's time ended before this record was handled",
    )
}

/// The code panicked.
#[must_use]
pub fn panicked() -> Failure {
    Failure::transient(code::PANICKED, "the code panicked on this record")
}

/// The code gave no result.
#[must_use]
pub fn forgotten() -> Failure {
    Failure::transient(code::FORGOTTEN, "the code gave no result for this record")
}

/// Whether another attempt within the same invocation may succeed. A missing permission, table or time does not return
/// within seconds.
#[must_use]
pub fn is_worth_another_attempt(error: &CallError) -> bool {
    let is_final = matches!(&*error.code, code::OUT_OF_TIME | code::PANICKED);
    let is_lasting = [
        "AccessDenied",
        "ResourceNotFound",
        "NotFound",
        "UnrecognizedClient",
    ]
    .iter()
    .any(|lasting| error.code.starts_with(lasting));
    !is_final && !is_lasting
}

/// The same for an insert: a row that exists, or that the table refused, stays so.
#[must_use]
pub fn is_insert_worth_another_attempt(error: &CallError) -> bool {
    is_worth_another_attempt(error) && error.code != "DuplicateItem" && !is_invalid_item(error)
}

/// Classifies a message that cannot be decoded.
#[must_use]
pub fn classify_message(error: &MessageError) -> Failure {
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
    /// A row of this id exists: compare with it.
    Duplicate,
}

/// Classifies the answer to one statement of an insert.
pub fn classify_insertion(answer: Result<(), CallError>) -> Result<Insertion, Failure> {
    match answer {
        Ok(()) => Ok(Insertion::Inserted),
        Err(error) if error.code == "DuplicateItem" => Ok(Insertion::Duplicate),
        Err(error) if is_invalid_item(&error) => Err(Failure::permanent(
            code::INVALID_ITEM,
            format!("the table refused the row: {error}"),
        )),
        Err(error) => Err(classify_call(error)),
    }
}

/// Whether the table refused this one row. `ValidationException` is the error of a whole call, here of a call for one row.
fn is_invalid_item(error: &CallError) -> bool {
    matches!(
        &*error.code,
        "ValidationError" | "ValidationException" | "ItemCollectionSizeLimitExceeded"
    )
}

/// Whether one row may be at fault for the error of a whole insert call.
#[must_use]
pub fn is_one_row_at_fault(error: &CallError) -> bool {
    matches!(&*error.code, "ValidationException" | code::PANICKED)
}

/// Whether one key may be at fault for the error of a whole read call.
#[must_use]
pub fn is_one_key_at_fault(error: &CallError) -> bool {
    error.code == code::PANICKED
}

/// Whether one event may be at fault for the error of a whole publish call. A topic that refuses a single event may be set up
/// wrongly, which an operator can correct, so that such a failure is transient.
#[must_use]
pub fn is_one_event_at_fault(error: &CallError) -> bool {
    matches!(
        &*error.code,
        "BatchRequestTooLong"
            | "InvalidParameter"
            | "InvalidParameterValue"
            | "ValidationException"
            | code::PANICKED
    )
}

/// Classifies any other failed call or item of a call.
#[must_use]
pub fn classify_call(error: CallError) -> Failure {
    match &*error.code {
        code::PANICKED => panicked(),
        code::OUT_OF_TIME => out_of_time(),
        _ => {
            let detail = format!("a call that this record depends on failed: {error}");
            Failure::transient(error.code, detail)
        }
    }
}

/// Compares an order with the row that exists under its id. Returns the stored row if it holds the same order: the message was
/// processed before.
pub fn compare_with_stored(
    stored: Option<Result<OrderRow, RowError>>,
    own: &OrderRow,
) -> Result<OrderRow, Failure> {
    match stored {
        None => Err(Failure::transient(
            code::ROW_MISSING,
            "the order's row exists by one answer and not by another",
        )),
        // A later version of the code may have written the row, and may be deployed again soon.
        Some(Err(error)) => Err(Failure::transient(code::UNREADABLE_ROW, error.to_string())),
        // The two are compared in the version of the stored fingerprint.
        Some(Ok(row)) if row.fingerprint.matches(&own.order) => Ok(row),
        Some(Ok(_)) => Err(Failure::permanent(
            code::CONFLICT,
            "another order is stored under this order_id",
        )),
    }
}

#[cfg(test)]
mod tests {
    use order_core::{OrderMessage, Timestamp};
    use queue_consumer::failure::Permanence;
    use time::OffsetDateTime;

    use super::*;
    use crate::fakes::message as order_message;

    fn row_of(message: OrderMessage) -> OrderRow {
        OrderRow::confirmed(message, Timestamp::new(OffsetDateTime::UNIX_EPOCH))
    }

    #[test]
    fn an_undecodable_message_is_permanent() {
        let failure = classify_message(&MessageError::Malformed("no".to_owned()));
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::MALFORMED)
        );
    }

    #[test]
    fn an_unknown_version_is_permanent() {
        let failure = classify_message(&MessageError::UnknownVersion(9));
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::UNKNOWN_VERSION)
        );
    }

    #[test]
    fn a_statement_that_is_invalid_is_permanent() {
        let failure = classify_insertion(Err(CallError::new("ValidationError"))).unwrap_err();
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::INVALID_ITEM)
        );
    }

    #[test]
    fn a_row_that_the_table_will_never_take_is_permanent() {
        let failure = classify_insertion(Err(CallError::new("ItemCollectionSizeLimitExceeded"))).unwrap_err();
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::INVALID_ITEM)
        );
    }

    #[test]
    fn a_duplicate_is_no_failure_yet() {
        assert_eq!(
            classify_insertion(Err(CallError::new("DuplicateItem"))),
            Ok(Insertion::Duplicate)
        );
        assert_eq!(classify_insertion(Ok(())), Ok(Insertion::Inserted));
    }

    #[test]
    fn the_same_fingerprint_was_processed_before() {
        let row = row_of(order_message(1, "same"));
        assert_eq!(compare_with_stored(Some(Ok(row.clone())), &row), Ok(row));
    }

    #[test]
    fn another_fingerprint_is_a_conflict() {
        let failure = compare_with_stored(
            Some(Ok(row_of(order_message(1, "one")))),
            &row_of(order_message(1, "other")),
        )
        .unwrap_err();
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::CONFLICT)
        );
    }

    #[test]
    fn a_duplicate_without_a_row_is_transient() {
        let failure = compare_with_stored(None, &row_of(order_message(1, "one"))).unwrap_err();
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
        let failure = compare_with_stored(Some(Err(error)), &row_of(order_message(1, "one"))).unwrap_err();
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Transient, code::UNREADABLE_ROW)
        );
    }

    #[test]
    fn other_errors_are_transient_with_their_code() {
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
            let failure = classify_insertion(Err(CallError::new(code))).unwrap_err();
            assert_eq!(
                (failure.permanence, &*failure.code),
                (Permanence::Transient, code)
            );
            let is_lasting = matches!(code, "ResourceNotFound" | "AccessDenied");
            let is_worth = is_insert_worth_another_attempt(&CallError::new(code));
            assert_eq!(is_worth, !is_lasting, "{code}");
        }
    }

    #[test]
    fn a_whole_call_refused_as_invalid_runs_statement_by_statement() {
        let error = CallError::new("ValidationException");
        assert!(is_one_row_at_fault(&error) && !is_insert_worth_another_attempt(&error));
        let failure = classify_insertion(Err(error)).unwrap_err();
        assert_eq!(
            (failure.permanence, &*failure.code),
            (Permanence::Permanent, code::INVALID_ITEM)
        );
    }

    #[test]
    fn a_whole_call_refused_otherwise_is_transient_for_all() {
        let error = CallError::new("ThrottlingException");
        assert!(!is_one_row_at_fault(&error));
        let failure = classify_insertion(Err(error)).unwrap_err();
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
            assert!(is_one_event_at_fault(&CallError::new(code)), "{code}");
            let failure = classify_call(CallError::new(code));
            assert_eq!(
                (failure.permanence, &*failure.code),
                (Permanence::Transient, code)
            );
        }
        let throttled = CallError::new("Throttled");
        assert!(!is_one_event_at_fault(&throttled));
        assert_eq!(classify_call(throttled).code, "Throttled");
    }
}
