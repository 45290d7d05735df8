//! `Subscribe`, `ConfirmSubscription`, `Unsubscribe`, `ListSubscriptions`, `ListSubscriptionsByTopic`,
//! `GetSubscriptionAttributes`, `SetSubscriptionAttributes`.

use std::collections::BTreeMap;

use cloud_store::Tx;
use cloud_wire::{ACCOUNT, Form, Xml};
use uuid::Uuid;

use crate::error::SnsError;
use crate::request::{Attributes, Page};
use crate::service::Sns;
use crate::subscription::{Protocol, Subscription, SubscriptionState};
use crate::subscription_attributes::{self, Setter};
use crate::{email, topic};

/// AWS shows this text in place of the ARN of an unconfirmed subscription.
const PENDING: &str = "PendingConfirmation";

pub(super) async fn subscribe(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let endpoint = form.get("Endpoint").unwrap_or_default().to_owned();
    let protocol = Protocol::parse(form.get("Protocol").unwrap_or_default(), &endpoint)?;
    let topic_arn = form.get("TopicArn").unwrap_or_default().to_owned();
    let attributes = subscription_attributes::check(Setter::Subscribe, form.map("Attributes"))?;
    let service = sns.clone();
    let subscription = sns
        .store()
        .run(move |tx| {
            topic::get(tx, &topic_arn)?;
            let Some(existing) = Subscription::at(tx, &topic_arn, protocol, &endpoint)? else {
                let confirm = service.confirms_emails();
                return create(&service, tx, topic_arn, protocol, endpoint, attributes, confirm);
            };
            if attributes
                .iter()
                .any(|(name, value)| existing.attributes.get(name) != Some(value))
            {
                return Err(SnsError::parameter(
                    "Attributes",
                    "Subscription already exists with different attributes",
                ));
            }
            if !existing.confirmed {
                // A repeated Subscribe sends the confirmation request again.
                email::ask_for_confirmation(&service, tx, &existing)?;
            }
            Ok(existing)
        })
        .await?;
    let mut answer = Xml::default();
    let wants_arn = form.get("ReturnSubscriptionArn") == Some("true");
    let shown = if subscription.confirmed || wants_arn {
        &subscription.arn
    } else {
        "pending confirmation"
    };
    answer.text("SubscriptionArn", shown);
    Ok(answer)
}

fn create(
    sns: &Sns,
    tx: &Tx<'_>,
    topic_arn: String,
    protocol: Protocol,
    endpoint: String,
    attributes: Attributes,
    confirm: bool,
) -> Result<Subscription, SnsError> {
    let confirmed = confirm || protocol == Protocol::Sqs;
    let subscription = Subscription {
        arn: format!("{topic_arn}:{}", Uuid::new_v4()),
        topic_arn,
        protocol,
        endpoint,
        attributes,
        confirmed,
        authenticate_on_unsubscribe: false,
        token: (!confirmed).then(email::new_token),
        suspended: false,
        peak_per_second: 0,
        undelivered: 0,
        of_stack: false,
    };
    subscription.put(tx)?;
    if !confirmed {
        email::ask_for_confirmation(sns, tx, &subscription)?;
    }
    Ok(subscription)
}

pub(super) async fn converge(
    sns: &Sns,
    topic_arn: &str,
    protocol: &str,
    endpoint: &str,
    attributes: &Attributes,
    confirm: bool,
) -> Result<String, SnsError> {
    let protocol = Protocol::parse(protocol, endpoint)?;
    let attributes = subscription_attributes::check(Setter::Subscribe, attributes.clone())?;
    let (topic_arn, endpoint) = (topic_arn.to_owned(), endpoint.to_owned());
    let service = sns.clone();
    let confirm = confirm || sns.confirms_emails();
    sns.store()
        .run(move |tx| {
            topic::get(tx, &topic_arn)?;
            let Some(mut existing) = Subscription::at(tx, &topic_arn, protocol, &endpoint)? else {
                let mut new = create(&service, tx, topic_arn, protocol, endpoint, attributes, confirm)?;
                new.of_stack = true;
                new.put(tx)?;
                return Ok(new.arn);
            };
            existing.of_stack = true;
            existing.attributes = attributes;
            if confirm && !existing.confirmed {
                existing.confirmed = true;
                existing.suspended = false;
            }
            existing.put(tx)?;
            Ok(existing.arn)
        })
        .await
}

/// Removes the subscriptions of the stack that are not among `arns`.
pub(super) async fn keep_of_stack(sns: &Sns, arns: Vec<String>) -> Result<(), SnsError> {
    sns.store()
        .run(move |tx| {
            for subscription in Subscription::of_stack(tx)? {
                if !arns.contains(&subscription.arn) {
                    subscription.remove(tx)?;
                    tracing::info!(
                        subscription = subscription.arn,
                        "the template does not declare {} any more: it is removed",
                        subscription.arn
                    );
                }
            }
            Ok(())
        })
        .await
}

pub(super) async fn confirm(sns: &Sns, form: &Form, signed: bool) -> Result<Xml, SnsError> {
    let topic_arn = form.get("TopicArn").unwrap_or_default().to_owned();
    let token = form.get("Token").unwrap_or_default().to_owned();
    // Only a signed caller may set that Unsubscribe needs a signature.
    let authenticate = form.get("AuthenticateOnUnsubscribe") == Some("true") && signed;
    let arn = sns
        .store()
        .run(move |tx| {
            topic::get(tx, &topic_arn)?;
            let subscriptions = Subscription::of_topic(tx, &topic_arn)?;
            let found = subscriptions
                .into_iter()
                .find(|s| s.token.as_ref() == Some(&token));
            let mut subscription = found.ok_or_else(|| SnsError::InvalidParameter("Token".to_owned()))?;
            if !subscription.confirmed {
                subscription.confirmed = true;
                subscription.suspended = false;
                subscription.authenticate_on_unsubscribe = authenticate;
                subscription.put(tx)?;
            }
            Ok::<_, SnsError>(subscription.arn)
        })
        .await?;
    let mut answer = Xml::default();
    answer.text("SubscriptionArn", &arn);
    Ok(answer)
}

/// Confirms a subscription by its ARN. It cannot be unsubscribed less or more easily than before.
pub(super) async fn confirm_by_operator(sns: &Sns, arn: String) -> Result<SubscriptionState, SnsError> {
    sns.store()
        .run(move |tx| {
            let mut subscription = Subscription::find(tx, &arn)?.ok_or(SnsError::NotFound("Subscription"))?;
            if !subscription.confirmed {
                subscription.confirmed = true;
                subscription.suspended = false;
                subscription.put(tx)?;
            }
            Ok(subscription.into())
        })
        .await
}

/// Returns the ARN in the request. It must have the form of a subscription ARN.
fn subscription_arn(form: &Form) -> Result<String, SnsError> {
    let arn = form.get("SubscriptionArn").unwrap_or_default();
    if arn.starts_with("arn:aws:sns:") && arn.split(':').count() == 7 {
        return Ok(arn.to_owned());
    }
    Err(SnsError::parameter(
        "SubscriptionArn",
        format!(
            "An ARN must have at least 6 elements, not {}",
            arn.split(':').count()
        ),
    ))
}

pub(super) async fn unsubscribe(sns: &Sns, form: &Form, signed: bool) -> Result<Xml, SnsError> {
    let arn = subscription_arn(form)?;
    sns.store()
        .run(move |tx| match Subscription::find(tx, &arn)? {
            Some(subscription) if subscription.authenticate_on_unsubscribe && !signed => Err(
                SnsError::AuthorizationError("Unsubscribing needs the topic owner's signature.".to_owned()),
            ),
            Some(subscription) => subscription.remove(tx),
            // The subscription is deleted already.
            None => Ok(()),
        })
        .await?;
    Ok(Xml::default())
}

fn list_answer(form: &Form, subscriptions: Vec<Subscription>) -> Xml {
    Page::of(form).answer(
        "Subscriptions",
        subscriptions,
        |s| s.arn.as_str(),
        |xml, subscription| {
            xml.text(
                "SubscriptionArn",
                if subscription.confirmed {
                    &subscription.arn
                } else {
                    PENDING
                },
            )
            .text("Owner", ACCOUNT)
            .text("Protocol", subscription.protocol.as_str())
            .text("Endpoint", &subscription.endpoint)
            .text("TopicArn", &subscription.topic_arn);
        },
    )
}

pub(super) async fn list(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    Ok(list_answer(form, sns.store().run(Subscription::all).await?))
}

pub(super) async fn list_by_topic(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let topic_arn = form.get("TopicArn").unwrap_or_default().to_owned();
    let subscriptions = sns.store().run(move |tx| {
        topic::get(tx, &topic_arn)?;
        Subscription::of_topic(tx, &topic_arn)
    });
    Ok(list_answer(form, subscriptions.await?))
}

pub(super) async fn states(sns: &Sns) -> Result<Vec<SubscriptionState>, SnsError> {
    Ok(sns
        .store()
        .run(Subscription::all)
        .await?
        .into_iter()
        .map(Into::into)
        .collect())
}

pub(super) async fn get_attributes(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = subscription_arn(form)?;
    let subscription = sns
        .store()
        .run(move |tx| Subscription::find(tx, &arn)?.ok_or(SnsError::NotFound("Subscription")))
        .await?;
    let raw = subscription.is_raw();
    let mut attributes = subscription.attributes;
    attributes.retain(|_, value| !value.is_empty());
    if attributes.contains_key("FilterPolicy") {
        attributes
            .entry("FilterPolicyScope".to_owned())
            .or_insert_with(|| "MessageAttributes".to_owned());
    }
    let computed = [
        ("SubscriptionArn", subscription.arn),
        ("TopicArn", subscription.topic_arn),
        ("Protocol", subscription.protocol.as_str().to_owned()),
        ("Endpoint", subscription.endpoint),
        ("Owner", ACCOUNT.to_owned()),
        ("PendingConfirmation", (!subscription.confirmed).to_string()),
        (
            "ConfirmationWasAuthenticated",
            subscription.authenticate_on_unsubscribe.to_string(),
        ),
        ("RawMessageDelivery", raw.to_string()),
    ];
    attributes.extend(computed.map(|(name, value)| (name.to_owned(), value)));
    let mut answer = Xml::default();
    answer.map("Attributes", &attributes);
    Ok(answer)
}

pub(super) async fn set_attributes(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = subscription_arn(form)?;
    let name = form.get("AttributeName").unwrap_or_default().to_owned();
    let change = BTreeMap::from([(name, form.get("AttributeValue").unwrap_or_default().to_owned())]);
    let change = subscription_attributes::check(Setter::SetAttributes, change)?;
    sns.store()
        .run(move |tx| {
            let mut subscription = Subscription::find(tx, &arn)?.ok_or(SnsError::NotFound("Subscription"))?;
            subscription.attributes.extend(change);
            subscription.put(tx)
        })
        .await?;
    Ok(Xml::default())
}
