//! A parsed filter policy.

use crate::clause::{Clause, Field};
use crate::condition::Condition;
use crate::error::PolicyError;
use crate::scope::Scope;
use crate::tokens::tokenize;
use crate::{compiler, limits};

/// A key with the keys around it, separated by dots, and its conditions.
pub(crate) type Path = (String, Vec<Condition>);

/// A filter policy. It is valid for its scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterPolicy {
    pub(crate) scope: Scope,
    /// The alternatives that `$or` makes. All paths of one alternative have to match.
    pub(crate) alternatives: Vec<Vec<Path>>,
}

impl FilterPolicy {
    /// Parses a policy, and judges it as AWS does. An empty object accepts every message.
    pub fn parse(text: &str, scope: Scope) -> Result<Self, PolicyError> {
        let tokens = tokenize(text).map_err(|error| compiler::not_json(text, &error))?;
        let clause = compiler::compile(text, &tokens)?;
        limits::check(&clause, scope)?;
        let mut alternatives = vec![Vec::new()];
        flatten(&clause, "", &mut alternatives);
        Ok(Self { scope, alternatives })
    }

    /// The part of a message that the policy is compared with.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.scope
    }
}

/// Adds the paths of a clause to each alternative. `$or` multiplies the alternatives. `limits::check` has bounded their number.
fn flatten(clause: &Clause, prefix: &str, alternatives: &mut Vec<Vec<Path>>) {
    for (key, field) in &clause.0 {
        let path = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match field {
            Field::Values(conditions) => {
                for alternative in alternatives.iter_mut() {
                    alternative.push((path.clone(), conditions.clone()));
                }
            }
            Field::Nested(clause) => flatten(clause, &path, alternatives),
            Field::Either(clauses) => {
                let before = std::mem::take(alternatives);
                for clause in clauses {
                    let mut with_clause = before.clone();
                    flatten(clause, prefix, &mut with_clause);
                    alternatives.extend(with_clause);
                }
            }
        }
    }
}
