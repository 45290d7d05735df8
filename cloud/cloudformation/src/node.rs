//! The template as a tree with parsed intrinsic functions, in their short (`!Ref`) and long (`Fn::Join`)
//! forms.

use serde_json::Number;
use yaml_serde::Value as Yaml;

use crate::error::TemplateError;
use crate::template_path::TemplatePath;

/// A value of the template before its intrinsic functions are resolved.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    Call(Box<Call>),
}

/// An intrinsic function with its arguments.
///
/// Source: CloudFormation User Guide, "Intrinsic function reference".
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Call {
    Ref(String),
    GetAtt {
        resource: String,
        attribute: String,
    },
    Sub {
        text: String,
        variables: Vec<(String, Node)>,
    },
    If {
        condition: String,
        then: Node,
        otherwise: Node,
    },
    Condition(String),
    Equals(Node, Node),
    Not(Node),
    And(Vec<Node>),
    Or(Vec<Node>),
    /// `Fn::Contains`, which only rules may use: whether a list of texts contains a value.
    Contains {
        texts: Node,
        value: Node,
    },
    Join {
        delimiter: String,
        values: Node,
    },
    Select {
        index: Node,
        values: Node,
    },
    Split {
        delimiter: String,
        text: Node,
    },
}

impl Node {
    /// Parses YAML. Returns an error for an intrinsic function or a tag that is not supported.
    pub(crate) fn parse(yaml: Yaml, at: &TemplatePath) -> Result<Self, TemplateError> {
        Ok(match yaml {
            Yaml::Null => Self::Null,
            Yaml::Bool(value) => Self::Bool(value),
            Yaml::Number(number) => Self::Number(parse_number(&number, at)?),
            Yaml::String(text) => Self::String(text),
            Yaml::Sequence(items) => Self::List(
                items
                    .into_iter()
                    .enumerate()
                    .map(|(index, item)| Self::parse(item, &at.index(index)))
                    .collect::<Result<_, _>>()?,
            ),
            Yaml::Mapping(mapping) => {
                let mut entries = Vec::with_capacity(mapping.len());
                for (key, value) in mapping {
                    let key = parse_key(key, at)?;
                    let value = Self::parse(value, &at.key(&key))?;
                    entries.push((key, value));
                }
                Self::from_entries(entries, at)?
            }
            Yaml::Tagged(tagged) => {
                let tag = tagged.tag.to_string();
                let name = tag.trim_start_matches('!');
                let long = if matches!(name, "Ref" | "Condition") {
                    name.to_owned()
                } else {
                    format!("Fn::{name}")
                };
                let argument = Self::parse(tagged.value, &at.key(&long))?;
                match Call::parse(&long, argument, at)? {
                    Ok(call) => Self::Call(Box::new(call)),
                    Err(_) => return Err(TemplateError::unsupported(at, format!("the tag `!{name}`"))),
                }
            }
        })
    }

    /// Parses a mapping. It is a function call if its only key is the long name of an intrinsic function.
    fn from_entries(mut entries: Vec<(String, Self)>, at: &TemplatePath) -> Result<Self, TemplateError> {
        if entries.len() == 1 && is_long_name(&entries[0]) {
            let (name, argument) = entries.remove(0);
            return match Call::parse(&name, argument, at)? {
                Ok(call) => Ok(Self::Call(Box::new(call))),
                Err(_) => Err(TemplateError::unsupported(
                    at,
                    format!("the intrinsic function `{name}`"),
                )),
            };
        }
        Ok(Self::Map(entries))
    }
}

/// Returns true for a function call. `Condition` is a function only if its argument is a string: in a policy
/// statement it is a mapping.
fn is_long_name((name, argument): &(String, Node)) -> bool {
    name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && matches!(argument, Node::String(_)))
}

fn parse_key(key: Yaml, at: &TemplatePath) -> Result<String, TemplateError> {
    match key {
        Yaml::String(key) => Ok(key),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(value) => Ok(value.to_string()),
        _ => Err(TemplateError::invalid(at, "a key has to be a string")),
    }
}

fn parse_number(number: &yaml_serde::Number, at: &TemplatePath) -> Result<Number, TemplateError> {
    let parsed = if let Some(value) = number.as_u64() {
        Some(value.into())
    } else if let Some(value) = number.as_i64() {
        Some(value.into())
    } else {
        number.as_f64().and_then(Number::from_f64)
    };
    parsed.ok_or_else(|| TemplateError::invalid(at, format!("`{number}` is not a finite number")))
}

impl Call {
    /// Parses a function by its long name. The inner error returns the argument if the name is unknown.
    fn parse(name: &str, argument: Node, at: &TemplatePath) -> Result<Result<Self, Node>, TemplateError> {
        let wrong = |form: &str| TemplateError::invalid(at, format!("`{name}` takes {form}"));
        Ok(Ok(match name {
            "Ref" => match argument {
                Node::String(target) => Self::Ref(target),
                _ => return Err(wrong("a name")),
            },
            "Condition" => match argument {
                Node::String(condition) => Self::Condition(condition),
                _ => return Err(wrong("a condition's name")),
            },
            "Fn::GetAtt" => parse_get_att(argument).ok_or_else(|| wrong("`Resource.Attribute`"))?,
            "Fn::Sub" => {
                parse_sub(argument).ok_or_else(|| wrong("a string, or a list of a string and a mapping"))?
            }
            "Fn::If" => match into_array::<3>(argument) {
                Some([Node::String(condition), then, otherwise]) => Self::If {
                    condition,
                    then,
                    otherwise,
                },
                _ => return Err(wrong("a condition's name and two values")),
            },
            "Fn::Equals" => match into_array::<2>(argument) {
                Some([left, right]) => Self::Equals(left, right),
                None => return Err(wrong("two values")),
            },
            "Fn::Not" => match into_array::<1>(argument) {
                Some([operand]) => Self::Not(operand),
                None => return Err(wrong("a list of one condition")),
            },
            "Fn::And" | "Fn::Or" => match argument {
                Node::List(operands) if (2..=10).contains(&operands.len()) => {
                    if name == "Fn::And" {
                        Self::And(operands)
                    } else {
                        Self::Or(operands)
                    }
                }
                _ => return Err(wrong("2 to 10 conditions")),
            },
            "Fn::Contains" => match into_array::<2>(argument) {
                Some([texts, value]) => Self::Contains { texts, value },
                None => return Err(wrong("a list and a value")),
            },
            "Fn::Join" => match into_array::<2>(argument) {
                Some([Node::String(delimiter), values]) => Self::Join { delimiter, values },
                _ => return Err(wrong("a delimiter and a list")),
            },
            "Fn::Select" => match into_array::<2>(argument) {
                Some([index, values]) => Self::Select { index, values },
                None => return Err(wrong("an index and a list")),
            },
            "Fn::Split" => match into_array::<2>(argument) {
                Some([Node::String(delimiter), text]) => Self::Split { delimiter, text },
                _ => return Err(wrong("a delimiter and a string")),
            },
            _ => return Ok(Err(argument)),
        }))
    }
}

fn into_array<const N: usize>(argument: Node) -> Option<[Node; N]> {
    match argument {
        Node::List(items) => items.try_into().ok(),
        _ => None,
    }
}

fn parse_get_att(argument: Node) -> Option<Call> {
    let (resource, attribute) = match argument {
        Node::String(text) => {
            let (resource, attribute) = text.split_once('.')?;
            (resource.to_owned(), attribute.to_owned())
        }
        list @ Node::List(_) => match into_array::<2>(list)? {
            [Node::String(resource), Node::String(attribute)] => (resource, attribute),
            _ => return None,
        },
        _ => return None,
    };
    Some(Call::GetAtt { resource, attribute })
}

fn parse_sub(argument: Node) -> Option<Call> {
    match argument {
        Node::String(text) => Some(Call::Sub {
            text,
            variables: Vec::new(),
        }),
        list @ Node::List(_) => match into_array::<2>(list)? {
            [Node::String(text), Node::Map(variables)] => Some(Call::Sub { text, variables }),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Node, TemplateError> {
        Node::parse(yaml_serde::from_str(text).unwrap(), &TemplatePath::root("X"))
    }

    #[test]
    fn short_and_long_forms_are_the_same() {
        for (short, long) in [
            ("!Ref A", "{Ref: A}"),
            ("!GetAtt A.Arn", "{Fn::GetAtt: [A, Arn]}"),
            ("!Sub 'x-${A}'", "{Fn::Sub: 'x-${A}'}"),
            ("!Sub ['${b}', {b: !Ref C}]", "{Fn::Sub: ['${b}', {b: {Ref: C}}]}"),
            ("!If [c, 1, !Ref A]", "{Fn::If: [c, 1, {Ref: A}]}"),
            ("!Join ['', [a, b]]", "{Fn::Join: ['', [a, b]]}"),
            ("!Not [!Condition c]", "{Fn::Not: [{Condition: c}]}"),
            (
                "!Select [0, !Split [',', a]]",
                "{Fn::Select: [0, {Fn::Split: [',', a]}]}",
            ),
        ] {
            let parsed = parse(short).unwrap();
            assert!(matches!(parsed, Node::Call(_)), "{short}");
            assert_eq!(parsed, parse(long).unwrap(), "{short}");
        }
    }

    #[test]
    fn a_policy_statements_condition_is_a_mapping() {
        let parsed = parse("Condition: {Bool: {aws:SecureTransport: 'false'}}").unwrap();
        assert!(matches!(parsed, Node::Map(_)));
    }

    #[test]
    fn unknown_functions_are_named() {
        insta::assert_snapshot!(parse("a: !FindInMap [m, k, v]").unwrap_err(),
            @"X.a: the tag `!FindInMap` is not supported by local-cloud");
        insta::assert_snapshot!(parse("a: {Fn::ImportValue: v}").unwrap_err(),
            @"X.a: the intrinsic function `Fn::ImportValue` is not supported by local-cloud");
        insta::assert_snapshot!(parse("a: !If [c]").unwrap_err(),
            @"X.a: `Fn::If` takes a condition's name and two values");
    }
}
