//! The database row of a subscription, and the meaning of its attributes.

use cloud_filter_policy::Scope;
use cloud_sqs::name;
use cloud_store::Tx;
use rusqlite::{Row, params};
use serde::Serialize;

use crate::delivery_policy::{EffectivePolicy, SubscriptionPolicy, TopicPolicy};
use crate::endpoint_url::is_local_url;
use crate::error::SnsError;
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
    /// The ARN of the caller that subscribed.
    pub(super) principal: String,
    /// Whether it was confirmed with a signature.
    pub(super) confirmation_authenticated: bool,
}

/// The protocol of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Protocol {
    Sqs,
    Email,
    Http,
    Https,
}

impl Protocol {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Sqs => "sqs",
            Self::Email => "email",
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// Whether subscribers get the message in an envelope, unless its delivery is raw.
    pub(super) fn has_envelope(self) -> bool {
        match self {
            Self::Sqs | Self::Http | Self::Https => true,
            Self::Email => false,
        }
    }

    /// Whether it is delivered by a request to a URL.
    pub(super) fn is_webhook(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }

    fn of_row(protocol: &str) -> Self {
        match protocol {
            "email" => Self::Email,
            "http" => Self::Http,
            "https" => Self::Https,
            _ => Self::Sqs,
        }
    }

    /// Parses a protocol and checks that the endpoint is valid for it.
    pub(super) fn parse(protocol: &str, endpoint: &str) -> Result<Self, SnsError> {
        match protocol {
            "sqs" if name::from_arn(endpoint).is_some_and(is_fifo) => Err(SnsError::InvalidParameter(
                "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics".to_owned(),
            )),
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
            "http" | "https" if !endpoint.starts_with(&format!("{protocol}://")) => Err(
                SnsError::InvalidParameter("Endpoint must match the specified protocol".to_owned()),
            ),
            "http" | "https" if is_local_url(protocol, endpoint) => Ok(Self::of_row(protocol)),
            "http" | "https" => Err(SnsError::parameter(
                "Endpoint",
                "the local AWS sends messages to this machine only",
            )),
            "email-json" | "sms" | "application" | "lambda" | "firehose" => Err(
                SnsError::parameter("Protocol", format!("{protocol} is not supported here")),
            ),
            _ => Err(SnsError::InvalidParameter(format!(
                "Amazon SNS does not support this protocol string: {protocol}"
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
    /// `sqs`, `email`, `http` or `https`.
    pub protocol: String,
    /// The ARN of a queue, an email address, or a URL.
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

/// The name of a FIFO queue ends so, in lower case.
fn is_fifo(queue: &str) -> bool {
    queue.strip_suffix(".fifo").is_some()
}

/// Returns the scope that these attributes choose.
pub(super) fn filter_scope(attributes: &Attributes) -> Scope {
    let scope = attributes.get("FilterPolicyScope");
    scope.and_then(|scope| Scope::parse(scope)).unwrap_or_default()
}

const COLUMNS: &str = "arn, topic_arn, protocol, endpoint, attributes, confirmed, authenticate_on_unsubscribe, \
                       token, suspended, peak_per_second, undelivered, of_stack, principal, confirmation_authenticated";

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

    /// Returns the subscription that this token confirms. A confirmed one keeps its token.
    pub(super) fn by_token(tx: &Tx<'_>, token: &str) -> Result<Option<Self>, SnsError> {
        select(tx, "token = ?1", &[token]).map(|found| found.into_iter().next())
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
            "INSERT OR REPLACE INTO subscriptions ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
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
            self.of_stack,
            self.principal,
            self.confirmation_authenticated
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

    /// Returns the text of the filter policy. An empty one is none.
    pub(super) fn filter_policy(&self) -> Option<&str> {
        let policy = self.attributes.get("FilterPolicy")?;
        (!policy.is_empty()).then_some(policy)
    }

    /// Returns what the filter policy is compared with.
    pub(super) fn filter_scope(&self) -> Scope {
        filter_scope(&self.attributes)
    }

    /// Returns the delivery policy that is in force, within that of the topic with these attributes.
    pub(super) fn effective_delivery_policy(&self, topic: &Attributes) -> EffectivePolicy {
        let own = self.attributes.get("DeliveryPolicy");
        let own = own
            .and_then(|policy| SubscriptionPolicy::parse(policy).ok())
            .unwrap_or_default();
        let topic = topic.get("DeliveryPolicy");
        let topic = topic
            .and_then(|policy| TopicPolicy::parse(policy).ok())
            .unwrap_or_default();
        own.within(&topic)
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
    let protocol = Protocol::of_row(&row.get::<_, String>(2)?);
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
        principal: row.get(12)?,
        confirmation_authenticated: row.get(13)?,
    };
    Ok((subscription, row.get(4)?))
}
