//! The database row of a subscription, and the meaning of its attributes.

use cloud_sqs::name;
use cloud_store::Tx;
use rusqlite::{Row, params};
use serde::Serialize;

use crate::error::SnsError;
use crate::filter_policy::FilterPolicy;
use crate::redrive_policy::RedrivePolicy;
use crate::request::{Attributes, decode, encode};

/// A subscription as it is in the database.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a column of the table")]
pub(super) struct Subscription {
    pub(super) arn: String,
    pub(super) topic_arn: String,
    pub(super) protocol: Protocol,
    pub(super) endpoint: String,
    pub(super) attributes: Attributes,
    pub(super) confirmed: bool,
    pub(super) authenticate_on_unsubscribe: bool,
    /// The token that `ConfirmSubscription` must send.
    pub(super) token: Option<String>,
    /// True if the subscription was confirmed and then got more emails in a second than SNS delivers.
    pub(super) suspended: bool,
    pub(super) peak_per_second: i64,
    pub(super) undelivered: i64,
    /// Whether a template declares it.
    pub(super) of_stack: bool,
}

/// The protocol of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Protocol {
    Sqs,
    Email,
}

impl Protocol {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Email => "email",
        }
    }

    /// Whether subscribers get the message in an envelope, unless its delivery is raw.
    pub(super) fn has_envelope(self) -> bool {
        match self {
            Self::Sqs => true,
            Self::Email => false,
        }
    }

    /// Parses a protocol and checks that the endpoint is valid for it.
    pub(super) fn parse(protocol: &str, endpoint: &str) -> Result<Self, SnsError> {
        match protocol {
            "sqs" if name::from_arn(endpoint).is_some() => Ok(Self::Sqs),
            "sqs" => Err(SnsError::InvalidParameter("SQS endpoint ARN".to_owned())),
            "email"
                if endpoint
                    .split_once('@')
                    .is_some_and(|(user, host)| !user.is_empty() && !host.is_empty()) =>
            {
                Ok(Self::Email)
            }
            "email" => Err(SnsError::InvalidParameter("Email address".to_owned())),
            "http" | "https" | "email-json" | "sms" | "application" | "lambda" | "firehose" => Err(
                SnsError::parameter("Protocol", format!("{protocol} is not supported here")),
            ),
            _ => Err(SnsError::InvalidParameter(format!(
                "Does not support this protocol string: {protocol}"
            ))),
        }
    }
}

/// A subscription's state, for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriptionState {
    /// The subscription's ARN.
    pub subscription_arn: String,
    /// Its topic's ARN.
    pub topic_arn: String,
    /// `sqs` or `email`.
    pub protocol: String,
    /// The ARN of a queue, or an email address.
    pub endpoint: String,
    /// `confirmed`, `pending`, or `suspended` after more than ten emails in a second.
    pub state: &'static str,
    /// The highest number of emails that were published to it within one second.
    pub peak_per_second: i64,
    /// Number of emails that were not delivered because of the suspension.
    pub undelivered: i64,
}

impl From<Subscription> for SubscriptionState {
    fn from(subscription: Subscription) -> Self {
        let state = match subscription {
            Subscription { confirmed: true, .. } => "confirmed",
            Subscription { suspended: true, .. } => "suspended",
            _ => "pending",
        };
        Self {
            subscription_arn: subscription.arn,
            topic_arn: subscription.topic_arn,
            protocol: subscription.protocol.as_str().to_owned(),
            endpoint: subscription.endpoint,
            state,
            peak_per_second: subscription.peak_per_second,
            undelivered: subscription.undelivered,
        }
    }
}

const COLUMNS: &str = "arn, topic_arn, protocol, endpoint, attributes, confirmed, authenticate_on_unsubscribe, \
                       token, suspended, peak_per_second, undelivered, of_stack";

impl Subscription {
    pub(super) fn find(tx: &Tx<'_>, arn: &str) -> Result<Option<Self>, SnsError> {
        select(tx, "arn = ?1", &[arn]).map(|found| found.into_iter().next())
    }

    pub(super) fn at(
        tx: &Tx<'_>,
        topic_arn: &str,
        protocol: Protocol,
        endpoint: &str,
    ) -> Result<Option<Self>, SnsError> {
        let found = select(
            tx,
            "topic_arn = ?1 AND protocol = ?2 AND endpoint = ?3",
            &[topic_arn, protocol.as_str(), endpoint],
        );
        found.map(|found| found.into_iter().next())
    }

    pub(super) fn of_topic(tx: &Tx<'_>, topic_arn: &str) -> Result<Vec<Self>, SnsError> {
        select(tx, "topic_arn = ?1", &[topic_arn])
    }

    /// Returns the subscriptions that a template declares, or has declared.
    pub(super) fn of_stack(tx: &Tx<'_>) -> Result<Vec<Self>, SnsError> {
        select(tx, "of_stack = 1", &[])
    }

    pub(super) fn all(tx: &Tx<'_>) -> Result<Vec<Self>, SnsError> {
        select(tx, "TRUE", &[])
    }

    /// Inserts or replaces the row.
    pub(super) fn put(&self, tx: &Tx<'_>) -> Result<(), SnsError> {
        tx.prepare_cached(&format!(
            "INSERT OR REPLACE INTO subscriptions ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
        ))?
        .execute(params![
            self.arn,
            self.topic_arn,
            self.protocol.as_str(),
            self.endpoint,
            encode(&self.attributes)?,
            self.confirmed,
            self.authenticate_on_unsubscribe,
            self.token,
            self.suspended,
            self.peak_per_second,
            self.undelivered,
            self.of_stack
        ])?;
        Ok(())
    }

    pub(super) fn remove(&self, tx: &Tx<'_>) -> Result<(), SnsError> {
        tx.prepare_cached("DELETE FROM subscriptions WHERE arn = ?1")?
            .execute([&self.arn])?;
        tx.prepare_cached(
            "UPDATE topics SET deleted_subscriptions = deleted_subscriptions + 1 WHERE arn = ?1",
        )?
        .execute([&self.topic_arn])?;
        Ok(())
    }

    pub(super) fn is_raw(&self) -> bool {
        self.attributes
            .get("RawMessageDelivery")
            .is_some_and(|value| value == "true")
    }

    /// Returns the filter policy. It always parses, because it was checked when it was set.
    pub(super) fn filter_policy(&self) -> Option<FilterPolicy> {
        FilterPolicy::parse(self.attributes.get("FilterPolicy")?).ok()
    }

    /// Returns the name of the subscription's dead-letter queue.
    pub(super) fn dead_letter_queue(&self) -> Option<String> {
        let policy = RedrivePolicy::parse(self.attributes.get("RedrivePolicy")?).ok()?;
        Some(policy.queue)
    }
}

fn select(tx: &Tx<'_>, condition: &str, parameters: &[&str]) -> Result<Vec<Subscription>, SnsError> {
    let mut statement = tx.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM subscriptions WHERE {condition} ORDER BY arn"
    ))?;
    let rows = statement
        .query_map(rusqlite::params_from_iter(parameters), read)?
        .collect::<Result<Vec<_>, _>>()?;
    rows.into_iter()
        .map(|(subscription, attributes)| {
            Ok(Subscription {
                attributes: decode(&attributes)?,
                ..subscription
            })
        })
        .collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<(Subscription, String)> {
    let protocol = if row.get::<_, String>(2)? == "email" {
        Protocol::Email
    } else {
        Protocol::Sqs
    };
    let subscription = Subscription {
        arn: row.get(0)?,
        topic_arn: row.get(1)?,
        protocol,
        endpoint: row.get(3)?,
        attributes: Attributes::new(),
        confirmed: row.get(5)?,
        authenticate_on_unsubscribe: row.get(6)?,
        token: row.get(7)?,
        suspended: row.get(8)?,
        peak_per_second: row.get(9)?,
        undelivered: row.get(10)?,
        of_stack: row.get(11)?,
    };
    Ok((subscription, row.get(4)?))
}
