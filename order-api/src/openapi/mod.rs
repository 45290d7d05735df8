//! The API's contract, as `GET /openapi.json` serves it.

#[cfg(test)]
mod tests;

/// `docs/openapi.yaml` as JSON. The tests beside this hold the two together, and both to the domain;
/// `handler/tests/contract.rs` holds every example to what the code answers.
///
/// After a change of the YAML, `UPDATE_OPENAPI=1 cargo test -p order-api openapi` writes this file anew.
pub(crate) const DOCUMENT: &str = include_str!("openapi.json");
