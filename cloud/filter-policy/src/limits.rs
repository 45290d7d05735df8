//! The limits of a policy.
//!
//! Source: SNS Developer Guide, "Filter policy constraints in Amazon SNS".

use crate::clause::{Clause, Field};
use crate::error::PolicyError;
use crate::scope::Scope;

/// Maximum number of keys at the top.
const MAX_KEYS: usize = 5;
/// Maximum number of combinations of values.
const MAX_COMBINATIONS: u64 = 150;

pub(crate) fn check(clause: &Clause, scope: Scope) -> Result<(), PolicyError> {
    if scope == Scope::MessageAttributes && has_nested(clause) {
        return Err(PolicyError::Nested);
    }
    if clause.0.len() > MAX_KEYS {
        return Err(PolicyError::new(format!(
            "Filter policy can not have more than {MAX_KEYS} keys"
        )));
    }
    if combinations(clause, 1, 1) > MAX_COMBINATIONS {
        return Err(PolicyError::new("Filter policy is too complex"));
    }
    Ok(())
}

fn has_nested(clause: &Clause) -> bool {
    clause.0.iter().any(|(_, field)| match field {
        Field::Values(_) => false,
        Field::Nested(_) => true,
        Field::Either(clauses) => clauses.iter().any(has_nested),
    })
}

/// Multiplies `before` by the values of each key and by its depth. The clauses of `$or` are added up.
fn combinations(clause: &Clause, depth: u64, before: u64) -> u64 {
    clause.0.iter().fold(before, |before, (_, field)| match field {
        Field::Values(conditions) => {
            let values = u64::try_from(conditions.len()).unwrap_or(u64::MAX);
            before.saturating_mul(values).saturating_mul(depth)
        }
        Field::Nested(clause) => combinations(clause, depth + 1, before),
        Field::Either(clauses) => clauses
            .iter()
            .map(|clause| combinations(clause, depth, before))
            .fold(0, u64::saturating_add),
    })
}
