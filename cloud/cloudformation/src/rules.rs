//! The section `Rules`: assertions about the values of parameters, which CloudFormation checks before it creates anything.
//!
//! Source: CloudFormation User Guide, "Rules".

use crate::error::TemplateError;
use crate::node::Node;
use crate::template_path::TemplatePath;

/// One rule.
#[derive(Debug)]
pub(crate) struct Rule {
    /// Its position.
    pub(crate) at: TemplatePath,
    /// The rule applies only if this holds.
    pub(crate) condition: Option<Node>,
    pub(crate) assertions: Vec<Assertion>,
}

/// A condition that must hold.
#[derive(Debug)]
pub(crate) struct Assertion {
    pub(crate) assert: Node,
    /// The error for people.
    pub(crate) description: String,
}

impl Rule {
    pub(crate) fn parse(name: &str, node: Node) -> Result<Self, TemplateError> {
        let at = TemplatePath::root("Rules").key(name);
        let Node::Map(entries) = node else {
            return Err(TemplateError::invalid(&at, "a mapping is expected"));
        };
        let mut rule = Self {
            at: at.clone(),
            condition: None,
            assertions: Vec::new(),
        };
        for (key, value) in entries {
            match (key.as_str(), value) {
                ("RuleCondition", condition) => rule.condition = Some(condition),
                ("Assertions", Node::List(assertions)) => {
                    rule.assertions = assertions
                        .into_iter()
                        .map(|assertion| Assertion::parse(assertion, &at.key("Assertions")))
                        .collect::<Result<_, _>>()?;
                }
                _ => return Err(TemplateError::unsupported(&at, format!("the attribute `{key}`"))),
            }
        }
        Ok(rule)
    }
}

impl Assertion {
    fn parse(node: Node, at: &TemplatePath) -> Result<Self, TemplateError> {
        let Node::Map(entries) = node else {
            return Err(TemplateError::invalid(at, "a mapping is expected"));
        };
        let (mut assert, mut description) = (None, String::new());
        for (key, value) in entries {
            match (key.as_str(), value) {
                ("Assert", value) => assert = Some(value),
                ("AssertDescription", Node::String(text)) => description = text,
                _ => return Err(TemplateError::unsupported(at, format!("the attribute `{key}`"))),
            }
        }
        let assert = assert.ok_or_else(|| TemplateError::invalid(at, "`Assert` is missing"))?;
        Ok(Self { assert, description })
    }
}
