//! Email subscriptions: delivery, the confirmation request, and suspension above the rate limit.

use cloud_store::Tx;
use uuid::Uuid;

use crate::error::SnsError;
use crate::mailbox::{CONFIRMATION, NOTIFICATION, NewMail};
use crate::service::Sns;
use crate::subscription::Subscription;

/// Maximum number of emails that SNS delivers to one subscription in one second. One more suspends the
/// subscription.
///
/// Source: SNS Developer Guide, "Amazon SNS quotas": "email: 10 per second for each subscription".
const MAX_PER_SECOND: i64 = 10;
/// A token has 288 hexadecimal digits, as on AWS: nine UUIDs.
const TOKEN_UUIDS: usize = 9;
/// The subject of a message that is published without a subject.
const DEFAULT_SUBJECT: &str = "AWS Notification Message";

/// Creates a random token that cannot be guessed.
pub(super) fn new_token() -> String {
    let random = (0..TOKEN_UUIDS).map(|_| Uuid::new_v4().simple().to_string());
    random.collect()
}

/// Delivers a message, or suspends the subscription if this is the eleventh message within a second.
///
/// A suspended subscription is pending again, as on AWS, and gets a new confirmation request. Until it is
/// confirmed, messages to it are counted and not delivered.
pub(super) fn deliver(
    sns: &Sns,
    tx: &Tx<'_>,
    subscription: &Subscription,
    message_id: &str,
    subject: Option<&str>,
    body: &str,
) -> Result<(), SnsError> {
    if !subscription.confirmed {
        if subscription.suspended {
            tx.prepare_cached("UPDATE subscriptions SET undelivered = undelivered + 1 WHERE arn = ?1")?
                .execute([&subscription.arn])?;
        }
        return Ok(());
    }
    let rate = sns.mailbox().in_last_second(tx, &subscription.arn)? + 1;
    if rate > subscription.peak_per_second {
        tx.prepare_cached("UPDATE subscriptions SET peak_per_second = ?2 WHERE arn = ?1")?
            .execute(rusqlite::params![subscription.arn, rate])?;
    }
    if rate > MAX_PER_SECOND {
        let subscription = Subscription {
            confirmed: false,
            suspended: true,
            token: Some(new_token()),
            peak_per_second: rate.max(subscription.peak_per_second),
            undelivered: subscription.undelivered + 1,
            ..subscription.clone()
        };
        subscription.put(tx)?;
        tracing::warn!(
            subscription = subscription.arn,
            messages_per_second = rate,
            "the email subscription {} is suspended: it got more than {MAX_PER_SECOND} messages in a second",
            subscription.arn
        );
        return ask_for_confirmation(sns, tx, &subscription);
    }
    let mail = NewMail {
        message_id,
        kind: NOTIFICATION,
        subscription_arn: &subscription.arn,
        to: &subscription.endpoint,
        subject: subject.unwrap_or(DEFAULT_SUBJECT),
        body,
    };
    Ok(sns.mailbox().deliver(tx, &mail)?)
}

/// Sends the confirmation request, with the token, a link and a command that confirm the subscription.
pub(super) fn ask_for_confirmation(
    sns: &Sns,
    tx: &Tx<'_>,
    subscription: &Subscription,
) -> Result<(), SnsError> {
    let topic = &subscription.topic_arn;
    let token = subscription.token.as_deref().unwrap_or_default();
    let base_url = sns.base_url();
    let link: String = form_urlencoded::Serializer::new(format!("{base_url}/?"))
        .append_pair("Action", "ConfirmSubscription")
        .append_pair("TopicArn", topic)
        .append_pair("Token", token)
        .finish();
    let body = format!(
        "You have chosen to subscribe to the topic:\n{topic}\n\n\
         To confirm this subscription, open this link:\n{link}\n\n\
         or call:\naws sns confirm-subscription --endpoint-url {base_url} --topic-arn {topic} --token {token}\n"
    );
    let mail = NewMail {
        message_id: &Uuid::new_v4().to_string(),
        kind: CONFIRMATION,
        subscription_arn: &subscription.arn,
        to: &subscription.endpoint,
        subject: "AWS Notification - Subscription Confirmation",
        body: &body,
    };
    Ok(sns.mailbox().deliver(tx, &mail)?)
}
