//! The parameters of the template and their values.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::TemplateError;
use crate::node::Node;
use crate::template_path::TemplatePath;

/// The parameters with their values: the given value, or else the default.
#[derive(Debug, Default)]
pub(crate) struct Parameters(BTreeMap<String, Value>);

impl Parameters {
    /// Reads the section and applies the given values. Each value must follow the rules in its declaration.
    pub(crate) fn parse(
        section: Vec<(String, Node)>,
        overrides: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        if let Some(unknown) = overrides
            .keys()
            .find(|name| !section.iter().any(|(known, _)| known == *name))
        {
            return Err(TemplateError::UnknownParameter(unknown.clone()));
        }
        let mut values = BTreeMap::new();
        for (name, node) in section {
            let declaration = Declaration::parse(node, &TemplatePath::root("Parameters").key(&name))?;
            let text = overrides.get(&name).or(declaration.default.as_ref());
            let text = text.ok_or_else(|| TemplateError::MissingParameter(name.clone()))?;
            values.insert(name.clone(), declaration.accept(&name, text)?);
        }
        Ok(Self(values))
    }

    /// Returns the value of a parameter, if the template has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Returns names and values. Lists are joined with commas.
    pub(crate) fn into_texts(self) -> BTreeMap<String, String> {
        let text = |value| match value {
            Value::String(text) => text,
            Value::Array(items) => items
                .iter()
                .filter_map(Value::as_str)
                .collect::<Vec<_>>()
                .join(","),
            other => other.to_string(),
        };
        self.0
            .into_iter()
            .map(|(name, value)| (name, text(value)))
            .collect()
    }
}

/// The declaration of a parameter. `AllowedPattern` is checked by CloudFormation only, because it is a Java
/// regular expression.
#[derive(Debug, Default)]
struct Declaration {
    kind: Kind,
    default: Option<String>,
    allowed: Vec<String>,
    min_value: Option<f64>,
    max_value: Option<f64>,
    min_length: Option<usize>,
    max_length: Option<usize>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    String,
    Number,
    CommaDelimitedList,
}

impl Declaration {
    fn parse(node: Node, at: &TemplatePath) -> Result<Self, TemplateError> {
        let Node::Map(entries) = node else {
            return Err(TemplateError::invalid(at, "a parameter is a mapping"));
        };
        let mut declaration = Self::default();
        for (key, value) in entries {
            let at = at.key(&key);
            match key.as_str() {
                "Type" => declaration.kind = Kind::parse(&scalar(&value, &at)?, &at)?,
                "Default" => declaration.default = Some(scalar(&value, &at)?),
                "AllowedValues" => {
                    let Node::List(items) = value else {
                        return Err(TemplateError::invalid(&at, "a list is expected"));
                    };
                    declaration.allowed = items
                        .iter()
                        .map(|item| scalar(item, &at))
                        .collect::<Result<Vec<_>, _>>()?;
                }
                "MinValue" => declaration.min_value = Some(number(&value, &at)?),
                "MaxValue" => declaration.max_value = Some(number(&value, &at)?),
                "MinLength" => declaration.min_length = Some(number(&value, &at)?),
                "MaxLength" => declaration.max_length = Some(number(&value, &at)?),
                "AllowedPattern" | "ConstraintDescription" | "Description" | "NoEcho" => {}
                _ => return Err(TemplateError::unsupported(&at, format!("`{key}` of a parameter"))),
            }
        }
        Ok(declaration)
    }

    fn accept(&self, name: &str, text: &str) -> Result<Value, TemplateError> {
        let refuse = |rule: String| TemplateError::ParameterValue {
            name: name.to_owned(),
            value: text.to_owned(),
            rule,
        };
        if !self.allowed.is_empty() && !self.allowed.iter().any(|allowed| allowed == text) {
            return Err(refuse(format!("allowed are {}", self.allowed.join(", "))));
        }
        if self.min_length.is_some_and(|least| text.chars().count() < least) {
            return Err(refuse("it is too short".to_owned()));
        }
        if self.max_length.is_some_and(|most| text.chars().count() > most) {
            return Err(refuse("it is too long".to_owned()));
        }
        match self.kind {
            Kind::String => Ok(Value::String(text.to_owned())),
            Kind::Number => {
                let parsed: f64 = text
                    .trim()
                    .parse()
                    .map_err(|_| refuse("a number is expected".to_owned()))?;
                if self.min_value.is_some_and(|least| parsed < least) {
                    return Err(refuse("it is below MinValue".to_owned()));
                }
                if self.max_value.is_some_and(|most| parsed > most) {
                    return Err(refuse("it is above MaxValue".to_owned()));
                }
                // CloudFormation passes on the value of a Number parameter as the given text.
                Ok(Value::String(text.trim().to_owned()))
            }
            Kind::CommaDelimitedList => Ok(text
                .split(',')
                .map(|item| Value::String(item.trim().to_owned()))
                .collect()),
        }
    }
}

impl Kind {
    fn parse(text: &str, at: &TemplatePath) -> Result<Self, TemplateError> {
        match text {
            "String" => Ok(Self::String),
            "Number" => Ok(Self::Number),
            "CommaDelimitedList" => Ok(Self::CommaDelimitedList),
            _ => Err(TemplateError::unsupported(
                at,
                format!("the parameter type `{text}`"),
            )),
        }
    }
}

fn scalar(node: &Node, at: &TemplatePath) -> Result<String, TemplateError> {
    match node {
        Node::String(text) => Ok(text.clone()),
        Node::Number(number) => Ok(number.to_string()),
        Node::Bool(value) => Ok(value.to_string()),
        _ => Err(TemplateError::invalid(at, "a plain value is expected")),
    }
}

fn number<T: std::str::FromStr>(node: &Node, at: &TemplatePath) -> Result<T, TemplateError> {
    scalar(node, at)?
        .parse()
        .map_err(|_| TemplateError::invalid(at, "a number is expected"))
}
