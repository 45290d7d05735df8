//! The table's attributes, by name.
//!
//! Its index of a customer's orders has the partition key [`attribute::CUSTOMER_ID`] and the sort key [`attribute::ACCEPTED_AT`]. Like every
//! global secondary index it is eventually consistent with the table. `template.yaml` names it.

/// The names of a row's attributes.
pub mod attribute {
    /// The partition key.
    pub const ORDER_ID: &str = "order_id";
    /// A number: the version of the row's layout.
    pub const SCHEMA_VERSION: &str = "schema_version";
    /// `confirmed`, `notified` or `cancelled`; of a tombstone `erased`.
    pub const STATUS: &str = "status";
    /// The order's fingerprint.
    pub const FINGERPRINT: &str = "fingerprint";
    /// The customer's id, the index's partition key.
    pub const CUSTOMER_ID: &str = "customer_id";
    /// The customer's email address, if known.
    pub const CUSTOMER_EMAIL: &str = "customer_email";
    /// The customer's name, if known.
    pub const CUSTOMER_NAME: &str = "customer_name";
    /// The ISO 4217 code.
    pub const CURRENCY: &str = "currency";
    /// A list of maps of `sku`, `name`, `quantity` (a number) and `unit_price` (a decimal string).
    pub const ITEMS: &str = "items";
    /// A decimal string.
    pub const TOTAL: &str = "total";
    /// The customer's note, if there is one.
    pub const NOTE: &str = "note";
    /// The caller's own name of the order, if there is one.
    pub const REFERENCE: &str = "reference";
    /// The caller's own data, if there is any: a map of strings.
    pub const METADATA: &str = "metadata";
    /// When the API accepted the order; the index's sort key.
    pub const ACCEPTED_AT: &str = "accepted_at";
    /// When the row was written.
    pub const CONFIRMED_AT: &str = "confirmed_at";
    /// The trace of the request that placed the order, in the form of W3C, if it is known.
    pub const TRACEPARENT: &str = "traceparent";
    /// When an email that covers the order was published to the topic.
    pub const NOTIFIED_AT: &str = "notified_at";
    /// The id of that email.
    pub const NOTIFICATION_ID: &str = "notification_id";
    /// When the row was marked as cancelled. Only a cancelled order has it, and it is written once.
    pub const CANCELLED_AT: &str = "cancelled_at";
    /// When an email that says that the order was cancelled was published to the topic.
    pub const CANCELLATION_NOTIFIED_AT: &str = "cancellation_notified_at";
    /// The id of that email.
    pub const CANCELLATION_NOTIFICATION_ID: &str = "cancellation_notification_id";
    /// Of a claim: when the first request under the key has ended for sure.
    pub const IN_DOUBT_UNTIL: &str = "in_doubt_until";
    /// Of a claim: when the queue refused the order, if it has not taken it since.
    pub const RELEASED_AT: &str = "released_at";
    /// Of a mark: the code of the reason for which the order's message is a dead letter.
    pub const ERROR_CODE: &str = "error_code";
    /// Of a mark: when the message became a dead letter.
    pub const FAILED_AT: &str = "failed_at";
    /// Of a tombstone: when an operator erased the order. Only a tombstone has it.
    pub const ERASED_AT: &str = "erased_at";
    /// When DynamoDB may delete a claim, a mark, or a row that is not kept for ever, in seconds since the Unix epoch.
    pub const EXPIRES_AT: &str = "expires_at";
}
