//! `CreateTopic`, `DeleteTopic`, `ListTopics`, `GetTopicAttributes`, `SetTopicAttributes`.

use cloud_wire::{ACCOUNT, Form, Xml};

use crate::delivery_policy::TopicPolicy;
use crate::error::SnsError;
use crate::request::{Attributes, Page};
use crate::service::Sns;
use crate::tags::{self, Tags};
use crate::topic::{find, get, parse_arn, put};
use crate::{topic_attributes, topic_policy};

fn check_name(name: &str) -> Result<(), SnsError> {
    let sound = (1..=256).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if sound {
        Ok(())
    } else {
        Err(SnsError::InvalidParameter("Topic Name".to_owned()))
    }
}

pub(super) async fn create(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let name = form.get("Name").unwrap_or_default();
    // A FIFO topic, which only its attribute makes, is refused by that.
    let attributes = topic_attributes::check_new(form.map("Attributes"))?;
    check_name(name)?;
    let tags = tags::parse(form)?;
    let arn = sns.arn(name);
    let mut answer = Xml::default();
    answer.text("TopicArn", &arn);
    let service = sns.clone();
    sns.store()
        .run(move |tx| match find(tx, &arn)? {
            None => {
                put(&service, tx, &arn, &attributes)?;
                tags::put(tx, &arn, &tags)
            }
            Some(existing) => {
                let existing_tags = tags::find(tx, &arn)?.unwrap_or_default();
                check_same(&attributes, &tags, &existing, &existing_tags)
            }
        })
        .await?;
    Ok(answer)
}

/// Checks that a topic that exists has everything that is asked for. It may have more.
fn check_same(
    attributes: &Attributes,
    tags: &Tags,
    existing: &Attributes,
    existing_tags: &Tags,
) -> Result<(), SnsError> {
    let different = |parameter: &str, what: &str| {
        let reason = format!("Topic already exists with different {what}");
        Err(SnsError::parameter(parameter, reason))
    };
    if attributes
        .iter()
        .any(|(name, value)| existing.get(name) != Some(value))
    {
        return different("Attributes", "attributes");
    }
    if tags
        .iter()
        .any(|(key, value)| existing_tags.get(key) != Some(value))
    {
        return different("Tags", "tags");
    }
    Ok(())
}

pub(super) async fn converge(sns: &Sns, name: &str, attributes: Attributes) -> Result<String, SnsError> {
    check_name(name)?;
    let attributes = topic_attributes::check_new(attributes)?;
    let arn = sns.arn(name);
    let (service, topic) = (sns.clone(), arn.clone());
    sns.store()
        .run(move |tx| put(&service, tx, &topic, &attributes))
        .await?;
    Ok(arn)
}

pub(super) async fn delete(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = parse_arn(sns, "DeleteTopic", form.get("TopicArn").unwrap_or_default())?;
    let iam = sns.iam().clone();
    sns.store()
        .run(move |tx| {
            tx.prepare_cached("DELETE FROM subscriptions WHERE topic_arn = ?1")?
                .execute([&arn])?;
            tx.prepare_cached("DELETE FROM topics WHERE arn = ?1")?
                .execute([&arn])?;
            tx.on_commit(move || iam.set_resource_policy(&arn, None));
            Ok::<_, SnsError>(())
        })
        .await?;
    Ok(Xml::default())
}

pub(super) async fn list(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let page = Page::of(form);
    let arns = sns
        .store()
        .run(|tx| {
            let mut statement = tx.prepare_cached("SELECT arn FROM topics ORDER BY arn")?;
            let arns = statement
                .query_map([], |row| row.get(0))?
                .collect::<Result<Vec<String>, _>>()?;
            Ok::<_, SnsError>(arns)
        })
        .await?;
    Ok(page.answer(
        "Topics",
        arns,
        |arn| arn.as_str(),
        |xml, arn| {
            xml.text("TopicArn", arn);
        },
    ))
}

pub(super) async fn get_attributes(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = parse_arn(
        sns,
        "GetTopicAttributes",
        form.get("TopicArn").unwrap_or_default(),
    )?;
    let topic = arn.clone();
    let (mut attributes, [confirmed, pending, deleted]) = sns
        .store()
        .run(move |tx| {
            let attributes = get(tx, &topic)?;
            let counts = tx
                .prepare_cached(
                    "SELECT (SELECT COUNT(*) FROM subscriptions WHERE topic_arn = ?1 AND confirmed = 1),
                            (SELECT COUNT(*) FROM subscriptions WHERE topic_arn = ?1 AND confirmed = 0),
                            deleted_subscriptions
                     FROM topics WHERE arn = ?1",
                )?
                .query_row([&topic], |row| {
                    Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?])
                })?;
            Ok::<_, SnsError>((attributes, counts))
        })
        .await?;
    attributes.retain(|_, value| !value.is_empty());
    attributes.entry("DisplayName".to_owned()).or_default();
    attributes
        .entry("Policy".to_owned())
        .or_insert_with(|| topic_policy::default_policy(&arn).to_string());
    let delivery_policy = attributes.get("DeliveryPolicy");
    let effective = delivery_policy
        .and_then(|policy| TopicPolicy::parse(policy).ok())
        .unwrap_or_default();
    attributes.insert("EffectiveDeliveryPolicy".to_owned(), effective.effective());
    let computed = [
        ("TopicArn", arn),
        ("Owner", ACCOUNT.to_owned()),
        ("SubscriptionsConfirmed", confirmed.to_string()),
        ("SubscriptionsPending", pending.to_string()),
        ("SubscriptionsDeleted", deleted.to_string()),
    ];
    attributes.extend(computed.map(|(name, value)| (name.to_owned(), value)));
    let mut answer = Xml::default();
    answer.map("Attributes", &attributes);
    Ok(answer)
}

pub(super) async fn set_attributes(sns: &Sns, form: &Form) -> Result<Xml, SnsError> {
    let arn = parse_arn(
        sns,
        "SetTopicAttributes",
        form.get("TopicArn").unwrap_or_default(),
    )?;
    let name = form.get("AttributeName").unwrap_or_default().to_owned();
    let value = form.get("AttributeValue").unwrap_or_default().to_owned();
    let value = topic_attributes::check_change(&name, value)?;
    let service = sns.clone();
    sns.store()
        .run(move |tx| {
            let mut attributes = get(tx, &arn)?;
            attributes.insert(name, value);
            put(&service, tx, &arn, &attributes)
        })
        .await?;
    Ok(Xml::default())
}
