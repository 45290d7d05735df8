//! The request that several actions share.

use serde::Deserialize;

/// A request that names a queue and nothing else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneQueue {
    pub(super) queue_url: String,
}
