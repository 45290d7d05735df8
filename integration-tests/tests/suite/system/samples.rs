//! The sample orders that the repository ships.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use uuid::Uuid;

/// A file of the samples.
pub(crate) fn sample_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(name)
}

/// A sample order.
pub(crate) fn sample(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(sample_path(name)).unwrap()).unwrap()
}

/// A sample order of a customer whom no other test knows: its rows can be counted on a shared stack.
pub(crate) fn sample_of_new_customer(name: &str) -> Value {
    let mut order = sample(name);
    order["customer"]["id"] = json!(format!("customer-{}", Uuid::new_v4()));
    order
}
