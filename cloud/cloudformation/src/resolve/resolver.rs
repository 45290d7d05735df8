//! Resolves intrinsic functions. The result is plain JSON.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::TemplateError;
use crate::node::{Call, Node};
use crate::parameters::Parameters;
use crate::sections::Declaration;
use crate::stack_location::StackLocation;
use crate::substitution::{self, Part};
use crate::template_path::TemplatePath;

/// Resolves the nodes of one template.
///
/// References are resolved on demand. Every local name and ARN depends only on the template and the [`StackLocation`], so a
/// resource need not exist before its name is used.
#[derive(Debug)]
pub(crate) struct Resolver<'t> {
    pub(crate) location: &'t StackLocation,
    pub(crate) parameters: &'t Parameters,
    pub(super) conditions: BTreeMap<&'t str, &'t Node>,
    pub(super) resources: BTreeMap<&'t str, &'t Declaration>,
    /// The resources and conditions that are being resolved, to detect circular references.
    visiting: RefCell<Vec<String>>,
}

impl<'t> Resolver<'t> {
    pub(crate) fn new(
        location: &'t StackLocation,
        parameters: &'t Parameters,
        conditions: &'t [(String, Node)],
        resources: &'t [(String, Declaration)],
    ) -> Self {
        Self {
            location,
            parameters,
            conditions: conditions
                .iter()
                .map(|(name, node)| (name.as_str(), node))
                .collect(),
            resources: resources
                .iter()
                .map(|(id, declaration)| (id.as_str(), declaration))
                .collect(),
            visiting: RefCell::default(),
        }
    }

    /// Resolves a node. `None` stands for `AWS::NoValue`, which removes the property or the element.
    pub(crate) fn resolve(&self, node: &Node, at: &TemplatePath) -> Result<Option<Value>, TemplateError> {
        Ok(Some(match node {
            Node::Null => Value::Null,
            Node::Bool(value) => Value::Bool(*value),
            Node::Number(number) => Value::Number(number.clone()),
            Node::String(text) => Value::String(text.clone()),
            Node::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    values.extend(self.resolve(item, &at.index(index))?);
                }
                Value::Array(values)
            }
            Node::Map(entries) => {
                let mut values = Map::new();
                for (key, item) in entries {
                    if let Some(value) = self.resolve(item, &at.key(key))? {
                        values.insert(key.clone(), value);
                    }
                }
                Value::Object(values)
            }
            Node::Call(call) => return self.call(call, at),
        }))
    }

    /// Resolves a node that must be a string.
    pub(crate) fn text(&self, node: &Node, at: &TemplatePath) -> Result<String, TemplateError> {
        match self.resolve(node, at)? {
            Some(Value::String(text)) => Ok(text),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::Bool(value)) => Ok(value.to_string()),
            _ => Err(TemplateError::invalid(at, "a string is expected")),
        }
    }

    fn call(&self, call: &Call, at: &TemplatePath) -> Result<Option<Value>, TemplateError> {
        Ok(Some(match call {
            Call::Ref(target) if target == "AWS::NoValue" => return Ok(None),
            Call::Ref(target) => self.reference(target, at)?,
            Call::GetAtt { resource, attribute } => Value::String(self.attribute(resource, attribute, at)?),
            Call::Sub { text, variables } => Value::String(self.substitute(text, variables, at)?),
            Call::If {
                condition,
                then,
                otherwise,
            } => {
                let chosen = if self.condition(condition, at)? {
                    then
                } else {
                    otherwise
                };
                return self.resolve(chosen, at);
            }
            Call::Join { delimiter, values } => Value::String(self.texts(values, at)?.join(delimiter)),
            Call::Select { index, values } => {
                let values = self.texts(values, at)?;
                let index = self.text(index, at)?;
                let chosen = index.parse::<usize>().ok().and_then(|index| values.get(index));
                let chosen = chosen.ok_or_else(|| {
                    TemplateError::invalid(at, format!("`Fn::Select` has no element {index}"))
                })?;
                Value::String(chosen.clone())
            }
            Call::Split { delimiter, text } => self
                .text(text, at)?
                .split(delimiter.as_str())
                .map(Value::from)
                .collect(),
            Call::Condition(_)
            | Call::Equals(..)
            | Call::Not(_)
            | Call::And(_)
            | Call::Or(_)
            | Call::Contains { .. } => Value::Bool(self.evaluate_call(call, at)?),
        }))
    }

    pub(super) fn texts(&self, node: &Node, at: &TemplatePath) -> Result<Vec<String>, TemplateError> {
        match self.resolve(node, at)? {
            Some(Value::Array(items)) => items
                .into_iter()
                .map(|item| match item {
                    Value::String(text) => Ok(text),
                    Value::Number(number) => Ok(number.to_string()),
                    _ => Err(TemplateError::invalid(at, "a list of strings is expected")),
                })
                .collect(),
            _ => Err(TemplateError::invalid(at, "a list is expected")),
        }
    }

    fn substitute(
        &self,
        text: &str,
        variables: &[(String, Node)],
        at: &TemplatePath,
    ) -> Result<String, TemplateError> {
        let parts = substitution::split(text)
            .ok_or_else(|| TemplateError::invalid(at, "`Fn::Sub` has a `${` that is not closed"))?;
        let mut result = String::with_capacity(text.len());
        for part in parts {
            match part {
                Part::Literal(literal) => result.push_str(literal),
                Part::Variable(name) => {
                    let value = match variables.iter().find(|(variable, _)| variable == name) {
                        Some((_, node)) => self.text(node, at)?,
                        None => self.variable(name, at)?,
                    };
                    result.push_str(&value);
                }
            }
        }
        Ok(result)
    }

    /// Resolves a `${Name}` or `${Name.Attribute}` in `Fn::Sub`.
    fn variable(&self, name: &str, at: &TemplatePath) -> Result<String, TemplateError> {
        if let Some((resource, attribute)) = name.split_once('.')
            && !name.ends_with(".Stage")
        {
            return self.attribute(resource, attribute, at);
        }
        match self.reference(name, at)? {
            Value::String(text) => Ok(text),
            _ => Err(TemplateError::invalid(
                at,
                format!("`${{{name}}}` is not a string"),
            )),
        }
    }

    /// Calls `work`. Returns an error if `name` is being resolved already.
    pub(super) fn visit<T>(
        &self,
        name: &str,
        at: &TemplatePath,
        work: impl FnOnce() -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        if self.visiting.borrow().iter().any(|visited| visited == name) {
            return Err(TemplateError::invalid(at, format!("`{name}` refers to itself")));
        }
        self.visiting.borrow_mut().push(name.to_owned());
        let result = work();
        self.visiting.borrow_mut().pop();
        result
    }
}
