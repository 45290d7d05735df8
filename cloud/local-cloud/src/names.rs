//! The physical names of several stacks, which share one account.

use std::collections::HashMap;

use cloud_cloudformation::Stack;

/// Two stacks declare a resource of the same kind and name. On AWS the deployment of the second one would fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stacks {first} and {second} both have the {kind} {name}; give one of them another name")]
pub struct NameCollision {
    kind: &'static str,
    name: String,
    first: String,
    second: String,
}

/// Checks that no two stacks have a resource of the same kind and name.
pub(crate) fn check_names<'a>(
    stacks: impl Iterator<Item = (&'a str, &'a Stack)>,
) -> Result<(), NameCollision> {
    let mut owners: HashMap<(&'static str, &str), &str> = HashMap::new();
    for (owner, stack) in stacks {
        for (kind, name) in names(stack) {
            if let Some(first) = owners.insert((kind, name), owner)
                && first != owner
            {
                return Err(NameCollision {
                    kind,
                    name: name.to_owned(),
                    first: first.to_owned(),
                    second: owner.to_owned(),
                });
            }
        }
    }
    Ok(())
}

fn names(stack: &Stack) -> impl Iterator<Item = (&'static str, &str)> {
    let queues = stack.queues.iter().map(|queue| ("queue", queue.name.as_str()));
    let topics = stack.topics.iter().map(|topic| ("topic", topic.name.as_str()));
    let tables = stack.tables.iter().map(|table| ("table", table.name.as_str()));
    let functions = stack
        .functions
        .iter()
        .map(|function| ("function", function.name.as_str()));
    let roles = stack.roles.iter().map(|role| ("role", role.name.as_str()));
    let alarms = stack.alarms.iter().map(|alarm| ("alarm", alarm.name.as_str()));
    let buckets = stack
        .buckets
        .iter()
        .map(|bucket| ("bucket", bucket.name.as_str()));
    queues
        .chain(buckets)
        .chain(topics)
        .chain(tables)
        .chain(functions)
        .chain(roles)
        .chain(alarms)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use cloud_cloudformation::StackLocation;

    use super::*;

    fn stack(name: &str, template: &str) -> Stack {
        let location = StackLocation {
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            stack_name: name.to_owned(),
            aws_endpoint_url: "http://127.0.0.1:1".to_owned(),
            api_url: "http://127.0.0.1:2".to_owned(),
        };
        Stack::load(template, &BTreeMap::new(), &location).unwrap()
    }

    #[test]
    fn a_name_belongs_to_one_stack() {
        let queue = |name: &str| {
            format!("Resources: {{Q: {{Type: AWS::SQS::Queue, Properties: {{QueueName: {name}}}}}}}")
        };
        let topic = "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: work}}}";
        let (first, second, third) = (
            stack("a", &queue("work")),
            stack("b", &queue("work")),
            stack("c", topic),
        );
        // A topic and a queue may have one name.
        assert_eq!(check_names([("a", &first), ("c", &third)].into_iter()), Ok(()));
        let collision = check_names([("a", &first), ("b", &second)].into_iter()).unwrap_err();
        assert_eq!(
            collision.to_string(),
            "the stacks a and b both have the queue work; give one of them another name"
        );
    }
}
