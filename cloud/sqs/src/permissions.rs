//! SQS: the action has the name of the operation. A batch operation needs the action of the single operation.

use cloud_iam::{ANY, Needs, Permission};
use cloud_wire::{Members, arn};

use crate::name::queue_name;

/// Returns the permissions that an operation of SQS needs.
#[must_use]
pub fn permissions(operation: &str, body: &[u8], region: &str) -> Needs {
    let request = Members::of(body);
    // The queue name is read in the same way as the service reads it: from a name, URL or ARN.
    let named = |field| {
        request
            .text(field)
            .map(|queue| arn("sqs", region, &queue_name(&queue)))
    };
    let permission = |action: &str, resource: Option<String>| {
        Permission::new(
            format!("sqs:{action}"),
            resource.unwrap_or_else(|| ANY.to_owned()),
        )
    };
    // A move task also receives and deletes messages. Source: SQS Developer Guide, "Configure queue
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
            // Without a destination, the messages go back to the queues that they came from, so any queue
            // must be allowed.
            needed.push(permission("SendMessage", named("DestinationArn")));
            needed
        }
        "ListMessageMoveTasks" => move_task(named("SourceArn")),
        // The task handle does not name the queue in a form that can be checked here, so any queue must be
        // allowed.
        "CancelMessageMoveTask" => move_task(None),
        _ => {
            let action = operation.strip_suffix("Batch").unwrap_or(operation);
            vec![permission(action, named("QueueUrl"))]
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

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
