//! The capacity that a call consumes, as dynoxide reports it.
//!
//! Every call that consumes capacity asks dynoxide for it, and the report is taken out of the answers to clients that did not ask.

use cloud_billing::dynamodb::{Capacity, failed_condition};
use dynoxide::errors::DynoxideError;
use dynoxide::types::{ConsumedCapacity, item_size};

/// The mode that reports tables and indexes apart.
const INDEXES: &str = "INDEXES";

/// A report of one table or of several.
pub(crate) trait Report {
    fn tables(&self) -> &[ConsumedCapacity];
}

impl Report for ConsumedCapacity {
    fn tables(&self) -> &[ConsumedCapacity] {
        std::slice::from_ref(self)
    }
}

impl Report for Vec<ConsumedCapacity> {
    fn tables(&self) -> &[ConsumedCapacity] {
        self
    }
}

/// Asks for the capacity of tables and indexes. Returns whether the client asked for a report. Its own mode stays, also one that
/// is not valid: with `TOTAL` the units of indexes count as the table's.
pub(crate) fn ask(mode: &mut Option<String>) -> bool {
    let is_asked = !matches!(mode.as_deref(), None | Some("NONE"));
    if !is_asked {
        *mode = Some(INDEXES.to_owned());
    }
    is_asked
}

/// Asks for the item at which a condition fails. Returns whether the client asked for it.
pub(crate) fn ask_for_item(mode: &mut Option<String>) -> bool {
    let is_asked = !matches!(mode.as_deref(), None | Some("NONE"));
    if !is_asked {
        *mode = Some("ALL_OLD".to_owned());
    }
    is_asked
}

/// Returns the error without the item if the client did not ask for it.
pub(crate) fn as_asked(error: DynoxideError, returns_item: bool) -> DynoxideError {
    match error {
        DynoxideError::ConditionalCheckFailedException(message, _) if !returns_item => {
            DynoxideError::ConditionalCheckFailedException(message, None)
        }
        error => error,
    }
}

/// Returns the capacity of a report.
pub(crate) fn of(report: Option<&impl Report>, is_write: bool) -> Capacity {
    let tables = report.map_or_else(Default::default, Report::tables);
    let indexes = tables.iter().flat_map(|table| {
        let indexes = [&table.global_secondary_indexes, &table.local_secondary_indexes];
        indexes.into_iter().flatten().flat_map(|indexes| indexes.values())
    });
    Capacity {
        total: sum(tables.iter().map(|table| table.capacity_units)),
        indexes: sum(indexes.map(|index| index.capacity_units)),
        is_write,
    }
}

/// The sum, which is zero of nothing. The sum of the standard library is -0.
fn sum(units: impl Iterator<Item = f64>) -> f64 {
    units.fold(0.0, |sum, units| sum + units)
}

/// Returns the capacity of a call that failed: that of a failed condition, or none.
pub(crate) fn of_failure(error: &DynoxideError) -> Capacity {
    match error {
        DynoxideError::ConditionalCheckFailedException(_, item) => {
            failed_condition(item.as_ref().map_or(0, item_size))
        }
        DynoxideError::DuplicateItemException(_) => failed_condition(0),
        _ => Capacity::default(),
    }
}

/// Whether a `PartiQL` statement writes.
pub(crate) fn writes(statement: &str) -> bool {
    let first = statement.split_whitespace().next().unwrap_or_default();
    !first.eq_ignore_ascii_case("SELECT")
}
