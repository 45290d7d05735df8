//! The sample orders of the repository.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use uuid::Uuid;

/// The path of a sample file.
pub(crate) fn sample_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(name)
}

/// Reads a sample order.
pub(crate) fn sample(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(sample_path(name)).unwrap()).unwrap()
}

/// Reads a sample order and gives it a new customer id, so that a test can count its own rows on a shared stack.
pub(crate) fn sample_of_new_customer(name: &str) -> Value {
    let mut order = sample(name);
    order["customer"]["id"] = json!(format!("customer-{}", Uuid::new_v4()));
    order
}
