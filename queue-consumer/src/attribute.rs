//! The names of the message attributes that this crate sets. They replace attributes of the same names.

/// The code of the last failure, for programs.
pub const ERROR_CODE: &str = "error_code";
/// In a dead letter: the detail, for people.
pub const ERROR_DETAIL: &str = "error_detail";
/// In a dead letter: when, as RFC 3339.
pub const FAILED_AT: &str = "failed_at";
/// In a dead letter: the message's id in the queue in which it failed.
pub const SOURCE_MESSAGE_ID: &str = "source_message_id";
/// In a dead letter: how often the message and its earlier copies had been received (a number).
pub const RECEIVE_COUNT: &str = "receive_count";
/// In a message that was sent again: how often its earlier copies had been received (a number).
pub const RETRY_RECEIVES: &str = "retry_receives";
/// In a message that was sent again: when its first copy was sent, as RFC 3339.
pub const RETRY_FIRST_SENT_AT: &str = "retry_first_sent_at";
/// All of them. A message that is replayed carries none.
pub const ALL: [&str; 7] = [
    ERROR_CODE,
    ERROR_DETAIL,
    FAILED_AT,
    SOURCE_MESSAGE_ID,
    RECEIVE_COUNT,
    RETRY_RECEIVES,
    RETRY_FIRST_SENT_AT,
];
