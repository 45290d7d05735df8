//! SQS: the action is the operation, a batch's the single one's.

use cloud_iam::{ANY, Needs, Permission};
use cloud_wire::arn;
use serde_json::Value;

use crate::name::queue_name;

/// What an operation of SQS needs.
#[must_use]
pub fn permissions(operation: &str, body: &[u8], region: &str) -> Needs {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |field: &str| request[field].as_str();
    // As the service itself finds the queue: by the name in whatever names it.
    let named = |field| text(field).map(|queue| arn("sqs", region, &queue_name(queue)));
    let permission = |action: &str, resource: Option<String>| {
        Permission::new(
            format!("sqs:{action}"),
            resource.unwrap_or_else(|| ANY.to_owned()),
        )
    };
    // Moving messages is receiving and deleting them as well. Source: SQS Developer Guide, "Configure queue
    // permissions for dead-letter queue redrive".
    let move_task = |source: Option<String>| {
        [operation, "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"]
            .map(|action| permission(action, source.clone()))
            .to_vec()
    };
    Needs::All(match operation {
        "CreateQueue" | "GetQueueUrl" => vec![permission(operation, named("QueueName"))],
        "ListQueues" => vec![permission(operation, None)],
        "StartMessageMoveTask" => {
            let mut needed = move_task(named("SourceArn"));
            // Without a destination messages go to whichever queues they came from.
            needed.push(permission("SendMessage", named("DestinationArn")));
            needed
        }
        "ListMessageMoveTasks" => move_task(named("SourceArn")),
        // Its handle names the queue only to the service.
        "CancelMessageMoveTask" => move_task(None),
        _ => {
            let action = operation.strip_suffix("Batch").unwrap_or(operation);
            vec![permission(action, named("QueueUrl"))]
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn needs(operation: &str, body: &Value) -> Vec<String> {
        let Needs::All(permissions) = permissions(operation, body.to_string().as_bytes(), "r") else {
            panic!("{operation}");
        };
        permissions
            .into_iter()
            .map(|p| format!("{} {}", p.action, p.resource))
            .collect()
    }

    #[test]
    fn operations_need_what_the_reference_says() {
        let queue = json!({"QueueUrl": "http://127.0.0.1:4566/000000000000/q"});
        for operation in ["SendMessage", "SendMessageBatch"] {
            assert_eq!(
                needs(operation, &queue),
                ["sqs:SendMessage arn:aws:sqs:r:000000000000:q"]
            );
        }
        assert_eq!(
            needs("ChangeMessageVisibilityBatch", &queue),
            ["sqs:ChangeMessageVisibility arn:aws:sqs:r:000000000000:q"]
        );
        assert_eq!(needs("ListQueues", &json!({})), ["sqs:ListQueues *"]);
        assert_eq!(
            needs("GetQueueUrl", &json!({"QueueName": "q"})),
            ["sqs:GetQueueUrl arn:aws:sqs:r:000000000000:q"]
        );
        let source = "arn:aws:sqs:r:000000000000:dlq";
        let to = "arn:aws:sqs:r:000000000000:q";
        assert_eq!(
            needs(
                "StartMessageMoveTask",
                &json!({"SourceArn": source, "DestinationArn": to})
            ),
            [
                format!("sqs:StartMessageMoveTask {source}"),
                format!("sqs:ReceiveMessage {source}"),
                format!("sqs:DeleteMessage {source}"),
                format!("sqs:GetQueueAttributes {source}"),
                format!("sqs:SendMessage {to}"),
            ]
        );
        assert_eq!(needs("SendMessage", &json!("nonsense")), ["sqs:SendMessage *"]);
    }
}
