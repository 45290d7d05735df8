//! A message's visibility timeout.

/// A new visibility timeout of a message: how long SQS hides it from receivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibilityChange {
    /// The receipt handle of the message's last receive.
    pub receipt_handle: String,
    /// From now on, in whole seconds.
    pub seconds: u32,
}
