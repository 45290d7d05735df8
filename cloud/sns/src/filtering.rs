//! Which subscriptions a message is for.

use cloud_filter_policy::{Attribute, FilterPolicy};
use cloud_sqs::{AttributeValue, MessageAttribute};

use crate::message::Message;
use crate::subscription::Subscription;

/// Whether the subscription's filter policy accepts a message. A policy that an older version accepted and this version
/// refuses accepts nothing, because its subscriber asked for fewer messages.
pub(super) fn accepts(subscription: &Subscription, message: &Message) -> bool {
    let Some(text) = subscription.filter_policy() else {
        return true;
    };
    let policy = match FilterPolicy::parse(text, subscription.filter_scope()) {
        Ok(policy) => policy,
        Err(error) => {
            let arn = &subscription.arn;
            tracing::warn!(subscription = arn, %error, "the filter policy of {arn} is not valid: it accepts nothing");
            return false;
        }
    };
    let attributes = message.attributes.iter();
    let attributes = attributes
        .filter_map(|(name, attribute)| Some((name.as_str(), comparable(attribute)?)))
        .collect();
    policy.accepts(&attributes, message.text_for(subscription.protocol.as_str()))
}

/// Binary attributes are ignored. Source: SNS Developer Guide, "Filter policy constraints".
fn comparable(attribute: &MessageAttribute) -> Option<Attribute<'_>> {
    let AttributeValue::String(text) = &attribute.value else {
        return None;
    };
    Some(match attribute.data_type.as_str() {
        "String.Array" => Attribute::Array(text),
        data_type if data_type == "Number" || data_type.starts_with("Number.") => Attribute::Number(text),
        _ => Attribute::Text(text),
    })
}
