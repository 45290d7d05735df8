//! `Subscribe`, `ConfirmSubscription`, `Unsubscribe`, `ListSubscriptions`, `ListSubscriptionsByTopic`,
//! `GetSubscriptionAttributes`, `SetSubscriptionAttributes`.

use std::collections::BTreeMap;

use cloud_iam::Principal;
use cloud_store::Tx;
use cloud_wire::{ACCOUNT, Form, Xml};
use uuid::Uuid;

use crate::error::SnsError;
use crate::request::{Attributes, Page};
use crate::service::Sns;
use crate::subscription::{Protocol, Subscription, SubscriptionState, filter_scope};
use crate::subscription_attributes::{self, Setter};
use crate::webhook::Confirmation;
use crate::{email, topic};

/// AWS shows this text in place of the ARN of an unconfirmed subscription.
const PENDING: &str = "PendingConfirmation";

pub(super) async fn subscribe(sns: &Sns, form: &Form, principal: &Principal) -> Result<Xml, SnsError> {
    let topic_arn = topic::parse_arn(sns, "Subscribe", form.get("TopicArn").unwrap_or_default())?;
    let endpoint = form.get("Endpoint").unwrap_or_default().to_owned();
    let protocol = Protocol::parse(form.get("Protocol").unwrap_or_default(), &endpoint)?;
    let attributes = subscription_attributes::check(Setter::Subscribe, form.map("Attributes"))?;
    subscription_attributes::check_filter(Setter::Subscribe, &attributes)?;
    let principal = principal.arn();
    let confirmation = ask(sns, protocol, &topic_arn).await?;
    let service = sns.clone();
    let subscription = sns
        .store()
        .run(move |tx| {
            topic::get(tx, &topic_arn)?;
            let Some(existing) = Subscription::at(tx, &topic_arn, protocol, &endpoint)? else {
                let new = New {
                    topic_arn,
                    protocol,
                    endpoint,
                    attributes,
                    principal,
                    confirm: service.confirms_emails(),
                    confirmation,
                };
                return create(&service, tx, new);
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
            if existing.confirmed {
                return Ok(existing);
            }
            // A repeated Subscribe sends the confirmation request again.
            if let Some(confirmation) = confirmation {
                return ask_endpoint(&service, tx, existing, &confirmation);
            }
            email::ask_for_confirmation(&service, tx, &existing)?;
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

/// A subscription that does not exist yet.
struct New {
    topic_arn: String,
    protocol: Protocol,
    endpoint: String,
    attributes: Attributes,
    /// The ARN of the caller.
    principal: String,
    /// Whether an email subscription is confirmed at once.
    confirm: bool,
    /// The question to the endpoint of an HTTP subscription.
    confirmation: Option<Confirmation>,
}

/// Builds the question to the endpoint of an HTTP subscription. Other protocols have none, or another one.
async fn ask(sns: &Sns, protocol: Protocol, topic_arn: &str) -> Result<Option<Confirmation>, SnsError> {
    if !protocol.is_webhook() {
        return Ok(None);
    }
    Confirmation::of_subscription(sns, topic_arn).await.map(Some)
}

/// Sends a confirmation message to the endpoint of a subscription, which is pending until its token comes back.
fn ask_endpoint(
    sns: &Sns,
    tx: &Tx<'_>,
    subscription: Subscription,
    confirmation: &Confirmation,
) -> Result<Subscription, SnsError> {
    let pending = Subscription {
        confirmed: false,
        token: Some(confirmation.token.clone()),
        ..subscription
    };
    pending.put(tx)?;
    confirmation.delivery(&pending).put(sns, tx)?;
    Ok(pending)
}

fn create(sns: &Sns, tx: &Tx<'_>, new: New) -> Result<Subscription, SnsError> {
    let confirmed = match new.protocol {
        Protocol::Sqs => true,
        Protocol::Email => new.confirm,
        Protocol::Http | Protocol::Https => false,
    };
    let subscription = Subscription {
        arn: format!("{}:{}", new.topic_arn, Uuid::new_v4()),
        topic_arn: new.topic_arn,
        protocol: new.protocol,
        endpoint: new.endpoint,
        attributes: new.attributes,
        confirmed,
        authenticate_on_unsubscribe: false,
        token: (!confirmed).then(email::new_token),
        suspended: false,
        peak_per_second: 0,
        undelivered: 0,
        of_stack: false,
        principal: new.principal,
        // The owner of topic and queue has confirmed it by subscribing.
        confirmation_authenticated: confirmed,
    };
    if let Some(confirmation) = &new.confirmation {
        return ask_endpoint(sns, tx, subscription, confirmation);
    }
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
    subscription_attributes::check_filter(Setter::Subscribe, &attributes)?;
    let (topic_arn, endpoint) = (topic_arn.to_owned(), endpoint.to_owned());
    let confirmation = ask(sns, protocol, &topic_arn).await?;
    let service = sns.clone();
    let confirm = confirm || sns.confirms_emails();
    sns.store()
        .run(move |tx| {
            topic::get(tx, &topic_arn)?;
            let Some(mut existing) = Subscription::at(tx, &topic_arn, protocol, &endpoint)? else {
                let new = New {
                    topic_arn,
                    protocol,
                    endpoint,
                    attributes,
                    principal: root_arn(),
                    confirm,
                    confirmation,
                };
                let mut new = create(&service, tx, new)?;
                new.of_stack = true;
                new.put(tx)?;
                return Ok(new.arn);
            };
            existing.of_stack = true;
            existing.attributes = attributes;
            if let Some(confirmation) = confirmation
                && !existing.confirmed
            {
                return ask_endpoint(&service, tx, existing, &confirmation).map(|asked| asked.arn);
            }
            if confirm && !existing.confirmed {
                existing.confirmed = true;
                existing.suspended = false;
            }
            existing.put(tx)?;
            Ok(existing.arn)
        })
        .await
}

/// The ARN of the account itself, which deploys the stack.
fn root_arn() -> String {
    format!("arn:aws:iam::{ACCOUNT}:root")
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
    let topic_arn = form.get("TopicArn").unwrap_or_default();
    // Of the topic only the region counts: the token knows its subscription. Recorded on AWS.
    let parts: Vec<_> = topic_arn.split(':').collect();
    if parts.len() != 6 || parts[2] != "sns" || parts[3] != sns.region() {
        return Err(SnsError::InvalidParameter("Topic".to_owned()));
    }
    let token = form.get("Token").unwrap_or_default().to_owned();
    // Only a signed caller may set that Unsubscribe needs a signature.
    let authenticate = form.get("AuthenticateOnUnsubscribe") == Some("true") && signed;
    let arn = sns
        .store()
        .run(move |tx| {
            let Some(mut subscription) = Subscription::by_token(tx, &token)? else {
                return Err(unknown_token(&token));
            };
            if !subscription.confirmed {
                subscription.confirmed = true;
                subscription.suspended = false;
                subscription.authenticate_on_unsubscribe = authenticate;
                subscription.confirmation_authenticated = signed;
                subscription.put(tx)?;
            }
            Ok::<_, SnsError>(subscription.arn)
        })
        .await?;
    let mut answer = Xml::default();
    answer.text("SubscriptionArn", &arn);
    Ok(answer)
}

/// A text that is no token has another message than a token that nobody has.
fn unknown_token(token: &str) -> SnsError {
    if !token.is_empty()
        && token.len().is_multiple_of(2)
        && token.bytes().all(|byte| byte.is_ascii_hexdigit())
    {
        return SnsError::InvalidParameter("Token".to_owned());
    }
    SnsError::InvalidToken
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
    let Some(arn) = form.get("SubscriptionArn") else {
        return Err(SnsError::parameter(
            "SubscriptionArn",
            "no value for required parameter",
        ));
    };
    match arn.split(':').count() {
        parts @ ..=5 => Err(SnsError::arn("SubscriptionArn", parts)),
        7 if arn.starts_with("arn:aws:sns:") => Ok(arn.to_owned()),
        _ => Err(SnsError::InvalidParameter("SubscriptionId".to_owned())),
    }
}

pub(super) async fn unsubscribe(sns: &Sns, form: &Form, signed: bool) -> Result<Xml, SnsError> {
    let arn = subscription_arn(form)?;
    let wanted = arn.clone();
    let found = sns.store().run(move |tx| Subscription::find(tx, &wanted)).await?;
    let end = match found {
        Some(subscription) if subscription.protocol.is_webhook() && subscription.confirmed && !signed => {
            Some(Confirmation::of_end(sns, &subscription).await?)
        }
        _ => None,
    };
    let service = sns.clone();
    sns.store()
        .run(move |tx| match Subscription::find(tx, &arn)? {
            Some(subscription) if subscription.authenticate_on_unsubscribe && !signed => Err(
                SnsError::AuthorizationError("Unsubscribing needs the topic owner's signature.".to_owned()),
            ),
            Some(subscription) => match &end {
                // Its endpoint may restore it with the token.
                Some(end) => ask_endpoint(&service, tx, subscription, end).map(drop),
                None => subscription.remove(tx),
            },
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
    let arn = form.get("TopicArn").unwrap_or_default();
    let topic_arn = topic::parse_arn(sns, "ListSubscriptionsByTopic", arn)?;
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
    let (subscription, topic) = sns
        .store()
        .run(move |tx| {
            let subscription = Subscription::find(tx, &arn)?.ok_or(SnsError::NotFound("Subscription"))?;
            let topic = topic::find(tx, &subscription.topic_arn)?.unwrap_or_default();
            Ok::<_, SnsError>((subscription, topic))
        })
        .await?;
    let raw = subscription.is_raw();
    let mut attributes = subscription.attributes.clone();
    if subscription.protocol.is_webhook() {
        let effective = subscription.effective_delivery_policy(&topic).to_json();
        attributes.insert("EffectiveDeliveryPolicy".to_owned(), effective);
    }
    attributes.retain(|_, value| !value.is_empty());
    // The scope shows only beside a policy, as recorded.
    let scope = filter_scope(&attributes).as_str();
    attributes.remove("FilterPolicyScope");
    if attributes.contains_key("FilterPolicy") {
        attributes.insert("FilterPolicyScope".to_owned(), scope.to_owned());
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
            subscription.confirmation_authenticated.to_string(),
        ),
        ("SubscriptionPrincipal", subscription.principal),
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
            subscription_attributes::check_filter(Setter::SetAttributes, &subscription.attributes)?;
            subscription.put(tx)
        })
        .await?;
    Ok(Xml::default())
}
