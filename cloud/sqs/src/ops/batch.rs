//! The parts that all batch actions share: the rules for entries, and the form of the answer.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Value, json};

use crate::error::SqsError;
use crate::name::is_identifier;

/// Maximum number of entries of one batch.
const MAX_ENTRIES: usize = 10;

/// Checks that there are 1 to 10 entries with distinct, valid ids. `entry` is the name of the entry type.
pub(super) fn check_entries<'a>(
    entry: &'static str,
    ids: impl ExactSizeIterator<Item = &'a str>,
) -> Result<(), SqsError> {
    if ids.len() == 0 {
        return Err(SqsError::EmptyBatchRequest(entry));
    }
    if ids.len() > MAX_ENTRIES {
        return Err(SqsError::TooManyEntriesInBatchRequest(ids.len()));
    }
    let mut seen = HashSet::new();
    for id in ids {
        if !is_identifier(id) {
            return Err(SqsError::InvalidBatchEntryId);
        }
        if !seen.insert(id) {
            return Err(SqsError::BatchEntryIdsNotDistinct(id.to_owned()));
        }
    }
    Ok(())
}

/// Builds the answer of a batch action. Each entry succeeds or fails alone.
pub(super) fn answer<T: Serialize>(outcomes: Vec<(String, Result<T, SqsError>)>) -> Value {
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (id, outcome) in outcomes {
        match outcome {
            Ok(result) => {
                let mut entry = json!(result);
                entry["Id"] = json!(id);
                successful.push(entry);
            }
            Err(error) => failed.push(json!({
                "Id": id,
                "Code": error.code(),
                "Message": error.entry_message(),
                "SenderFault": error.is_senders_fault(),
            })),
        }
    }
    json!({ "Successful": successful, "Failed": failed })
}
