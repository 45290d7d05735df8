//! Classifies what the messages and the table say: the reason of each failure. [`queue_consumer::failure`] says which reasons
//! are permanent.

use function_runtime::CallError;
use order_core::Timestamp;
use order_core::message::MessageError;
use order_table::{OrderRow, RowError, Stored};
use queue_consumer::failure::Failure;
pub use queue_consumer::failure::code;

/// Classifies a message that cannot be decoded.
#[must_use]
pub fn classify_message(error: &MessageError) -> Failure {
    let code = match error {
        MessageError::Malformed(_) => code::MALFORMED,
        MessageError::UnknownVersion(_) => code::UNKNOWN_VERSION,
    };
    Failure::new(code, error.to_string())
}

/// How an insert ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insertion {
    /// The row is new.
    Inserted,
    /// A row of this id exists: compare with it.
    Duplicate,
    /// Nothing was inserted, because the retention of the order is over: a row may have existed and been deleted. Compare with the row,
    /// if there still is one.
    TooLate,
}

/// Classifies the answer to one statement of an insert. `ValidationException` is the error of a whole call, here of a call for
/// one row.
pub fn classify_insertion(answer: Result<(), CallError>) -> Result<Insertion, Failure> {
    let Err(error) = answer else {
        return Ok(Insertion::Inserted);
    };
    match &*error.code {
        "DuplicateItem" => Ok(Insertion::Duplicate),
        "ValidationError" | "ValidationException" | "ItemCollectionSizeLimitExceeded" => Err(Failure::new(
            code::INVALID_ITEM,
            format!("the table refused the row: {error}"),
        )),
        _ => Err(error.into()),
    }
}

/// The retention of the order is over, and no row is left to compare with. If it was stored, its event was published, and storing it
/// again would double it.
#[must_use]
pub fn expired(accepted_at: Timestamp) -> Failure {
    Failure::new(
        code::EXPIRED,
        format!(
            "the order was accepted at {accepted_at}, and rows are not kept that long: it may have been stored and deleted"
        ),
    )
}

/// Compares an order with the item that exists under its id. Returns the stored row if it holds the same order: the message was
/// processed before. Returns the tombstone if the order was erased, whatever the message holds: nothing is left to compare.
pub fn compare_with_stored(
    stored: Option<Result<Stored, RowError>>,
    own: &OrderRow,
) -> Result<Stored, Failure> {
    match stored {
        None => Err(Failure::new(
            code::ROW_MISSING,
            "the order's row exists by one answer and not by another",
        )),
        // A later version of the code may have written the row, and may be deployed again soon.
        Some(Err(error)) => Err(Failure::new(code::UNREADABLE_ROW, error.to_string())),
        // The two are compared in the version of the stored fingerprint.
        Some(Ok(Stored::Order(row))) if row.fingerprint.matches(&own.order) => Ok(Stored::Order(row)),
        Some(Ok(Stored::Erased(tombstone))) => Ok(Stored::Erased(tombstone)),
        Some(Ok(Stored::Order(_))) => Err(Failure::new(
            code::CONFLICT,
            "another order is stored under this order_id",
        )),
    }
}

/// The item under the id of an order that is to be cancelled.
pub fn stored_to_cancel(stored: Option<Result<Stored, RowError>>) -> Result<Stored, Failure> {
    stored
        .ok_or_else(order_missing)?
        .map_err(|error| Failure::new(code::UNREADABLE_ROW, error.to_string()))
}

/// The order of a cancellation is not stored. It may wait in the queue, and the cancellation waits for it.
#[must_use]
pub fn order_missing() -> Failure {
    Failure::new(code::ORDER_MISSING, "the order to cancel is not stored")
}

#[cfg(test)]
mod tests {
    use order_core::OrderMessage;
    use order_table::Tombstone;
    use queue_consumer::failure::Permanence;
    use time::OffsetDateTime;

    use super::*;
    use crate::fakes::message as order_message;

    fn row_of(message: OrderMessage) -> OrderRow {
        OrderRow::confirmed(message, Timestamp::new(OffsetDateTime::UNIX_EPOCH))
    }

    fn stored(row: OrderRow) -> Stored {
        Stored::Order(Box::new(row))
    }

    #[test]
    fn an_undecodable_message_is_permanent() {
        let failure = classify_message(&MessageError::Malformed("no".to_owned()));
        assert_eq!(
            (failure.permanence(), &*failure.code),
            (Permanence::Permanent, code::MALFORMED)
        );
    }

    #[test]
    fn an_unknown_version_is_transient() {
        let failure = classify_message(&MessageError::UnknownVersion(9));
        assert_eq!(
            (failure.permanence(), &*failure.code),
            (Permanence::Transient, code::UNKNOWN_VERSION)
        );
    }

    #[test]
    fn a_statement_that_is_invalid_is_permanent() {
        let failure = classify_insertion(Err(CallError::new("ValidationError"))).unwrap_err();
        assert_eq!(
            (failure.permanence(), &*failure.code),
            (Permanence::Permanent, code::INVALID_ITEM)
        );
    }

    #[test]
    fn a_row_that_the_table_will_never_take_is_permanent() {
        let failure = classify_insertion(Err(CallError::new("ItemCollectionSizeLimitExceeded"))).unwrap_err();
        assert_eq!(
            (failure.permanence(), &*failure.code),
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
        let stored = stored(row.clone());
        assert_eq!(compare_with_stored(Some(Ok(stored.clone())), &row), Ok(stored));
    }

    #[test]
    fn an_erased_order_is_neither_a_failure_nor_a_conflict() {
        let row = row_of(order_message(1, "late"));
        let erased = Stored::Erased(Tombstone {
            order_id: row.order_id,
            erased_at: Timestamp::new(OffsetDateTime::UNIX_EPOCH),
            erasing: None,
        });
        assert_eq!(compare_with_stored(Some(Ok(erased.clone())), &row), Ok(erased));
    }

    #[test]
    fn another_fingerprint_is_a_conflict() {
        let failure = compare_with_stored(
            Some(Ok(stored(row_of(order_message(1, "one"))))),
            &row_of(order_message(1, "other")),
        )
        .unwrap_err();
        assert_eq!(
            (failure.permanence(), &*failure.code),
            (Permanence::Permanent, code::CONFLICT)
        );
    }

    #[test]
    fn a_duplicate_without_a_row_is_transient() {
        let failure = compare_with_stored(None, &row_of(order_message(1, "one"))).unwrap_err();
        assert_eq!(
            (failure.permanence(), &*failure.code),
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
            (failure.permanence(), &*failure.code),
            (Permanence::Transient, code::UNREADABLE_ROW)
        );
    }

    #[test]
    fn other_errors_are_transient_with_their_code() {
        for code in ["ThrottlingError", "ResourceNotFound", "timed_out", "SomethingNew"] {
            let failure = classify_insertion(Err(CallError::new(code))).unwrap_err();
            assert_eq!(
                (failure.permanence(), &*failure.code),
                (Permanence::Transient, code)
            );
        }
    }

    #[test]
    fn a_whole_call_refused_as_invalid_runs_statement_by_statement() {
        let error = CallError::new("ValidationException");
        assert!(error.may_be_of_one_item() && !error.may_pass());
        let failure = classify_insertion(Err(error)).unwrap_err();
        assert_eq!(
            (failure.permanence(), &*failure.code),
            (Permanence::Permanent, code::INVALID_ITEM)
        );
    }

    #[test]
    fn a_whole_call_refused_otherwise_is_transient_for_all() {
        let error = CallError::new("ThrottlingException");
        assert!(!error.may_be_of_one_item());
        let failure = classify_insertion(Err(error)).unwrap_err();
        assert_eq!(
            (failure.permanence(), &*failure.code),
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
            assert!(CallError::new(code).may_be_of_one_item(), "{code}");
            let failure = Failure::from(CallError::new(code));
            assert_eq!(
                (failure.permanence(), &*failure.code),
                (Permanence::Transient, code)
            );
        }
        let throttled = CallError::new("Throttled");
        assert!(!throttled.may_be_of_one_item());
        assert_eq!(Failure::from(throttled).code, "Throttled");
    }
}
