//! The caller's own data about an order.

use std::collections::BTreeMap;

use serde::ser::{Serialize, Serializer};

use crate::text::{MetadataName, MetadataValue};

/// The caller's own data about an order, by name. Names sort byte by byte. No entries and no metadata are the same.
pub type Metadata = BTreeMap<MetadataName, MetadataValue>;

/// The most entries of a new order's metadata.
pub const MAX_METADATA_ENTRIES: usize = 20;

/// Metadata as a JSON object.
#[derive(Debug)]
pub struct MetadataDocument<'a>(pub &'a Metadata);

impl Serialize for MetadataDocument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}
