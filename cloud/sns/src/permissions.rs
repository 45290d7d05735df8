//! SNS: the action has the name of the operation. `PublishBatch` needs `Publish`.

use cloud_iam::{ANY, Needs, Permission};
use cloud_wire::{Form, arn};

/// Returns the permissions that an operation of SNS needs.
#[must_use]
pub fn permissions(operation: &str, form: &Form, region: &str) -> Needs {
    let topic = match operation {
        "CreateTopic" => form.get("Name").map(|name| arn("sns", region, name)),
        // These actions have no resource type, even if the request names a subscription.
        "ListTopics"
        | "ListSubscriptions"
        | "Unsubscribe"
        | "GetSubscriptionAttributes"
        | "SetSubscriptionAttributes" => None,
        _ => form
            .get("TopicArn")
            .or_else(|| form.get("TargetArn"))
            .or_else(|| form.get("ResourceArn"))
            .map(str::to_owned),
    };
    let action = operation.strip_suffix("Batch").unwrap_or(operation);
    Needs::All(vec![Permission::new(
        format!("sns:{action}"),
        topic.unwrap_or_else(|| ANY.to_owned()),
    )])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_need_what_the_reference_says() {
        let topic = "arn:aws:sns:r:000000000000:t";
        for (operation, form, action, resource) in [
            (
                "Publish",
                "TopicArn=arn:aws:sns:r:000000000000:t",
                "sns:Publish",
                topic,
            ),
            (
                "Publish",
                "TargetArn=arn:aws:sns:r:000000000000:t",
                "sns:Publish",
                topic,
            ),
            (
                "PublishBatch",
                "TopicArn=arn:aws:sns:r:000000000000:t",
                "sns:Publish",
                topic,
            ),
            (
                "GetTopicAttributes",
                "TopicArn=arn:aws:sns:r:000000000000:t",
                "sns:GetTopicAttributes",
                topic,
            ),
            ("CreateTopic", "Name=t", "sns:CreateTopic", topic),
            (
                "ListTagsForResource",
                "ResourceArn=arn:aws:sns:r:000000000000:t",
                "sns:ListTagsForResource",
                topic,
            ),
            ("ListTopics", "", "sns:ListTopics", "*"),
            ("Unsubscribe", "SubscriptionArn=x", "sns:Unsubscribe", "*"),
        ] {
            assert_eq!(
                permissions(operation, &Form::parse(form.as_bytes()), "r"),
                Needs::All(vec![Permission::new(action, resource)])
            );
        }
    }
}
