//! The parameters of the template and their values.

use std::collections::BTreeMap;

use regex_lite::Regex;
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

/// The declaration of a parameter.
///
/// Source: CloudFormation User Guide, "Parameters".
#[derive(Debug, Default)]
struct Declaration {
    kind: Kind,
    default: Option<String>,
    allowed: Vec<String>,
    pattern: Option<Pattern>,
    /// Replaces the description of the broken rule.
    constraint: Option<String>,
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
                "AllowedPattern" => declaration.pattern = Some(Pattern::parse(scalar(&value, &at)?, &at)?),
                "ConstraintDescription" => declaration.constraint = Some(scalar(&value, &at)?),
                "Description" | "NoEcho" => {}
                _ => return Err(TemplateError::unsupported(&at, format!("`{key}` of a parameter"))),
            }
        }
        Ok(declaration)
    }

    fn accept(&self, name: &str, text: &str) -> Result<Value, TemplateError> {
        let broken = |rule: String| TemplateError::ParameterValue {
            name: name.to_owned(),
            value: text.to_owned(),
            rule: self.constraint.clone().unwrap_or(rule),
        };
        match self.kind {
            Kind::String => {
                self.check(text).map_err(broken)?;
                Ok(Value::String(text.to_owned()))
            }
            Kind::Number => {
                let text = text.trim();
                self.check(text).map_err(broken)?;
                self.check_number(text).map_err(broken)?;
                // CloudFormation passes on the value of a Number parameter as the given text.
                Ok(Value::String(text.to_owned()))
            }
            Kind::CommaDelimitedList => {
                // The rules apply to each value.
                let items: Vec<&str> = text.split(',').map(str::trim).collect();
                items
                    .iter()
                    .try_for_each(|item| self.check(item))
                    .map_err(broken)?;
                Ok(items
                    .into_iter()
                    .map(|item| Value::String(item.to_owned()))
                    .collect())
            }
        }
    }

    /// Checks one value. Returns the rule that it breaks.
    fn check(&self, text: &str) -> Result<(), String> {
        if !self.allowed.is_empty() && !self.allowed.iter().any(|allowed| allowed == text) {
            return Err(format!("allowed are {}", self.allowed.join(", ")));
        }
        let length = text.chars().count();
        if let Some(least) = self.min_length.filter(|least| length < *least) {
            return Err(format!("it must have at least {least} characters"));
        }
        if let Some(most) = self.max_length.filter(|most| length > *most) {
            return Err(format!("it must have at most {most} characters"));
        }
        match &self.pattern {
            Some(pattern) if !pattern.whole.is_match(text) => {
                Err(format!("it must match the pattern {}", pattern.text))
            }
            _ => Ok(()),
        }
    }

    fn check_number(&self, text: &str) -> Result<(), String> {
        // `inf` and `nan` are numbers for Rust, and not for CloudFormation.
        let parsed = text.parse::<f64>().ok().filter(|number| number.is_finite());
        let number = parsed.ok_or("a number is expected")?;
        if let Some(least) = self.min_value.filter(|least| number < *least) {
            return Err(format!("it must be at least {least}"));
        }
        if let Some(most) = self.max_value.filter(|most| number > *most) {
            return Err(format!("it must be at most {most}"));
        }
        Ok(())
    }
}

/// A regular expression that has to match a whole value.
#[derive(Debug)]
struct Pattern {
    text: String,
    whole: Regex,
}

impl Pattern {
    /// CloudFormation takes Java's regular expressions. One with a construct that only Java has is refused.
    fn parse(text: String, at: &TemplatePath) -> Result<Self, TemplateError> {
        match Regex::new(&format!("^(?:{text})$")) {
            Ok(whole) => Ok(Self { text, whole }),
            Err(error) => Err(TemplateError::unsupported(
                at,
                format!("the pattern `{text}` ({error})"),
            )),
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
