//! The API's contract, as `GET /openapi.json` serves it.

#[cfg(test)]
mod tests;

/// `docs/openapi.yaml` as JSON. Tests of this module compare the two, and both with the domain. `handler/tests/contract.rs`
/// compares every example with the code's answer.
///
/// After a change of the YAML, `UPDATE_OPENAPI=1 cargo test -p order-api openapi` writes this file again.
pub(crate) const DOCUMENT: &str = include_str!("openapi.json");
