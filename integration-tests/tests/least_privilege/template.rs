//! The template without one statement, one action or one resource.

use std::fmt;

use yaml_serde::Value;
use yaml_serde::value::{Tag, TaggedValue};

/// The template of the orders as it is deployed.
pub(crate) const TEXT: &str = include_str!("../../../template.yaml");

/// A template from which one thing is removed.
#[derive(Debug)]
pub(crate) struct Change {
    /// The owner of the policy.
    pub(crate) owner: Owner,
    /// The statement's `Sid`.
    pub(crate) sid: String,
    /// The actions that are not allowed any more, or not on one of the resources.
    pub(crate) actions: Vec<String>,
    /// The removed part.
    removed: String,
    /// The changed template.
    pub(crate) template: String,
}

/// The owner of a policy, by its logical id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A role, for the policies of its permissions.
    Role(String),
    /// A role, for its trust policy.
    Trust(String),
    /// A policy of queues or topics.
    Resource(String),
}

/// Makes the owner from the logical id of the resource that has the policy.
type OwnerOf = fn(String) -> Owner;

impl Owner {
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Role(id) | Self::Trust(id) | Self::Resource(id) => id,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {} without {}",
            self.owner.id(),
            self.sid,
            self.removed
        )
    }
}

/// A step on a path into the document.
#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Item(usize),
    Tagged,
}

/// Makes every possible change of a template: without each statement, without each of several actions, and without each of several
/// resources.
pub(crate) fn make_changes(text: &str) -> Vec<Change> {
    let template: Value = yaml_serde::from_str(text).unwrap();
    let mut changes = Vec::new();
    for (id, resource) in template["Resources"].as_mapping().unwrap() {
        let id = id.as_str().unwrap();
        let sections: &[(&str, OwnerOf)] = match resource["Type"].as_str().unwrap() {
            "AWS::IAM::Role" => &[
                ("Policies", Owner::Role),
                ("AssumeRolePolicyDocument", Owner::Trust),
            ],
            "AWS::SQS::QueuePolicy" | "AWS::SNS::TopicPolicy" => &[("PolicyDocument", Owner::Resource)],
            _ => continue,
        };
        for (section, owner) in sections {
            let path = ["Resources", id, "Properties", section].map(|key| Step::Key(key.to_owned()));
            let mut statements = Vec::new();
            find_statements(&resource["Properties"][*section], &path, &mut statements);
            assert!(!statements.is_empty(), "{id} has no statement in {section}");
            for path in statements {
                add_changes_of(&template, &path, &owner(id.to_owned()), &mut changes);
            }
        }
    }
    changes
}

/// Finds the paths of all mappings with an `Effect`, also within `!If`.
fn find_statements(value: &Value, path: &[Step], found: &mut Vec<Vec<Step>>) {
    let below = |step| [path, &[step]].concat();
    match value {
        Value::Mapping(entries) if entries.contains_key("Effect") => found.push(path.to_vec()),
        Value::Mapping(entries) => {
            for (key, value) in entries {
                find_statements(value, &below(Step::Key(key.as_str().unwrap().to_owned())), found);
            }
        }
        Value::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                find_statements(item, &below(Step::Item(index)), found);
            }
        }
        Value::Tagged(tagged) => find_statements(&tagged.value, &below(Step::Tagged), found),
        _ => {}
    }
}

fn add_changes_of(template: &Value, path: &[Step], owner: &Owner, changes: &mut Vec<Change>) {
    let statement = value_at(&mut template.clone(), path).clone();
    let sid = statement.get("Sid").and_then(Value::as_str).unwrap_or("(no Sid)");
    let all = collect_texts(&statement["Action"]);
    let mut add = |removed: String, actions: Vec<String>, path: &[Step]| {
        let mut template = template.clone();
        *value_at(&mut template, path) = Value::Tagged(Box::new(TaggedValue {
            tag: Tag::new("Ref"),
            value: "AWS::NoValue".into(),
        }));
        changes.push(Change {
            owner: owner.clone(),
            sid: sid.to_owned(),
            actions,
            removed,
            template: yaml_serde::to_string(&template).unwrap(),
        });
    };
    add("the statement".to_owned(), all.clone(), path);
    for list in ["Action", "Resource"] {
        // `as_sequence` would take the three arguments of an `!If` for resources.
        let Some(Value::Sequence(items)) = statement.get(list) else {
            continue;
        };
        if items.len() < 2 {
            continue;
        }
        for (index, item) in items.iter().enumerate() {
            let path = [path, &[Step::Key(list.to_owned()), Step::Item(index)]].concat();
            let actions = if list == "Action" {
                collect_texts(item)
            } else {
                all.clone()
            };
            add(
                format!("{list} {}", yaml_serde::to_string(item).unwrap().trim()),
                actions,
                &path,
            );
        }
    }
}

fn collect_texts(value: &Value) -> Vec<String> {
    match value {
        Value::Sequence(items) => items.iter().flat_map(collect_texts).collect(),
        value => value.as_str().map(str::to_owned).into_iter().collect(),
    }
}

fn value_at<'v>(value: &'v mut Value, path: &[Step]) -> &'v mut Value {
    path.iter().fold(value, |value, step| match (step, value) {
        (Step::Key(key), value) => &mut value[key.as_str()],
        (Step::Item(index), value) => &mut value[*index],
        (Step::Tagged, Value::Tagged(tagged)) => &mut tagged.value,
        (Step::Tagged, _) => panic!("the path leads to a tagged value"),
    })
}
