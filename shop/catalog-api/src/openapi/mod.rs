//! The API's contract, as `GET /openapi.json` serves it.

#[cfg(test)]
mod tests;

/// `shop/openapi.yaml` as JSON. Tests compare the two, and the handler's answers with its schemas.
///
/// After a change of the YAML, `UPDATE_OPENAPI=1 cargo test -p catalog-api openapi` writes this file again.
pub(crate) const DOCUMENT: &str = include_str!("openapi.json");
