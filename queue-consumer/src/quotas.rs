//! Limits of SQS. Source: "Amazon SQS message quotas".

/// The most messages of one batch call.
pub const MAX_MESSAGES: usize = 10;

/// The most bytes of one message with its attributes, and of all messages of one batch call: 1 MiB.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The most attributes of a message.
pub const MAX_ATTRIBUTES: usize = 10;
