//! The metrics that the functions emit. Nothing else may be counted, so that the number of metrics is bounded.

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Orders that the API answered with 202, also those that it had answered before.
    OrdersAccepted,
    /// Requests for orders that the API refused, and entries of a batch; also by reason.
    OrdersRejected,
    /// Orders that were accepted without a look at their idempotency key, because the table was slow or away.
    KeyLookupsSkipped,
    /// Orders that were accepted without a claim of their idempotency key, because the table of claims was slow or away.
    KeyClaimsSkipped,
    /// Orders that an earlier request had sent under the same idempotency key, and that were answered alike.
    RequestsRepeated,
    /// Orders that were refused because their idempotency key belongs to another order.
    KeysReused,
    /// Rows that were inserted.
    OrdersConfirmed,
    /// Messages of orders that were stored before.
    Duplicates,
    /// Messages with the id of another stored order.
    Conflicts,
    /// Rows that were marked as cancelled.
    OrdersCancelled,
    /// Messages of orders that an operator has erased.
    ErasedOrders,
    /// Events that the topic took.
    EventsPublished,
    /// Emails that the topic took.
    EmailsSent,
    /// Orders that were marked as notified.
    OrdersNotified,
    /// Messages that failed and are tried again later; also by reason.
    MessagesPutOff,
    /// Messages that were dead-lettered; also by reason.
    MessagesDeadLettered,
    /// Panics, whether caught or not.
    Panics,
    /// First invocations of a process.
    ColdStarts,
}

/// A size or a time, of which CloudWatch computes percentiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Milliseconds from the acceptance of an order until its row was inserted.
    AgeAtConfirmation,
    /// Milliseconds from the acceptance of an order until its email.
    AgeAtNotification,
    /// Messages of one invocation.
    BatchSize,
    /// Orders of one digest, which is an email about more than one.
    DigestSize,
    /// 1 if the shop's own address is not subscribed to the emails, otherwise 0. notifier looks at most once a minute.
    ShopUnsubscribed,
    /// Milliseconds that an invocation had left when it ended.
    TimeLeft,
}

impl Count {
    /// The name in CloudWatch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrdersAccepted => "OrdersAccepted",
            Self::OrdersRejected => "OrdersRejected",
            Self::KeyLookupsSkipped => "KeyLookupsSkipped",
            Self::KeyClaimsSkipped => "KeyClaimsSkipped",
            Self::RequestsRepeated => "RequestsRepeated",
            Self::KeysReused => "KeysReused",
            Self::OrdersConfirmed => "OrdersConfirmed",
            Self::Duplicates => "Duplicates",
            Self::Conflicts => "Conflicts",
            Self::OrdersCancelled => "OrdersCancelled",
            Self::ErasedOrders => "ErasedOrders",
            Self::EventsPublished => "EventsPublished",
            Self::EmailsSent => "EmailsSent",
            Self::OrdersNotified => "OrdersNotified",
            Self::MessagesPutOff => "MessagesPutOff",
            Self::MessagesDeadLettered => "MessagesDeadLettered",
            Self::Panics => "Panics",
            Self::ColdStarts => "ColdStarts",
        }
    }
}

impl Measure {
    /// All of them.
    pub(super) const ALL: [Self; 6] = [
        Self::AgeAtConfirmation,
        Self::AgeAtNotification,
        Self::BatchSize,
        Self::DigestSize,
        Self::ShopUnsubscribed,
        Self::TimeLeft,
    ];

    /// The name in CloudWatch.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AgeAtConfirmation => "AgeAtConfirmation",
            Self::AgeAtNotification => "AgeAtNotification",
            Self::BatchSize => "BatchSize",
            Self::DigestSize => "DigestSize",
            Self::ShopUnsubscribed => "ShopUnsubscribed",
            Self::TimeLeft => "TimeLeft",
        }
    }
}
