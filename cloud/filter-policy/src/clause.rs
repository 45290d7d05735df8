//! The tree of a policy, as it is written.

use crate::condition::Condition;

/// An object of a policy: all of its fields have to match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clause(pub(crate) Vec<(String, Field)>);

/// The value of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// One of these conditions has to hold.
    Values(Vec<Condition>),
    /// The fields of an object inside.
    Nested(Clause),
    /// `$or`: one of these clauses has to match.
    Either(Vec<Clause>),
}
