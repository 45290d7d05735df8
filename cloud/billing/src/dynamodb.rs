//! The billing of DynamoDB on demand: write units and read units.
//!
//! Source: DynamoDB Developer Guide, "DynamoDB read and write operations": a write unit is a write of up to 1 KB, a read unit is a consistent
//! read of up to 4 KB, and an eventually consistent one is half of it. A secondary index has write units of its own. A write whose condition fails
//! consumes units by the size of the item that is there, and one unit at least.

use crate::units::Units;

/// The capacity that a call consumed, in the form of DynamoDB's `ConsumedCapacity`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Capacity {
    /// Units of tables and indexes together (`CapacityUnits`).
    pub total: f64,
    /// Those of them of secondary indexes.
    pub indexes: f64,
    /// Whether the call writes.
    pub is_write: bool,
}

/// The units of what a call consumed.
#[must_use]
pub fn consumed(capacity: Capacity) -> Units {
    if capacity.is_write {
        Units {
            dynamodb_write_units: whole(capacity.total - capacity.indexes),
            dynamodb_index_write_units: whole(capacity.indexes),
            ..Units::default()
        }
    } else {
        Units {
            dynamodb_read_half_units: whole(capacity.total * 2.0),
            ..Units::default()
        }
    }
}

/// The capacity of a write whose condition failed at an item of this size in bytes.
#[must_use]
pub fn failed_condition(item_bytes: usize) -> Capacity {
    Capacity {
        total: f64::from(u32::try_from(item_bytes.div_ceil(1024).max(1)).unwrap_or(u32::MAX)),
        indexes: 0.0,
        is_write: true,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float saturates, and units are small whole numbers"
)]
fn whole(units: f64) -> u64 {
    units.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_counted_for_tables_and_indexes_apart() {
        let units = consumed(Capacity {
            total: 5.0,
            indexes: 2.0,
            is_write: true,
        });
        assert_eq!(
            (units.dynamodb_write_units, units.dynamodb_index_write_units),
            (3, 2)
        );
    }

    /// The guide: an item of 8 KB takes one read unit if the read is eventually consistent, and two if it is consistent.
    #[test]
    fn reads_are_counted_in_halves() {
        let halves = |total| {
            let read = Capacity {
                total,
                ..Capacity::default()
            };
            consumed(read).dynamodb_read_half_units
        };
        assert_eq!([0.5, 1.0, 2.0].map(halves), [1, 2, 4]);
    }

    #[test]
    fn a_failed_condition_costs_the_item_that_is_there() {
        let units = |bytes| consumed(failed_condition(bytes)).dynamodb_write_units;
        assert_eq!([0, 1024, 1025].map(units), [1, 1, 2]);
    }
}
