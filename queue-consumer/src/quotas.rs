//! What SQS takes. Source: "Amazon SQS message quotas".

/// The most entries of any batch call.
pub const MAX_ENTRIES: usize = 10;

/// The most bytes of one message, attributes included, and of one batch of them: 1 MiB.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The most attributes of a message.
pub const MAX_ATTRIBUTES: usize = 10;
