//! The sections of the template, not resolved yet.

use std::collections::BTreeSet;

use yaml_serde::Value as Yaml;

use crate::error::TemplateError;
use crate::node::Node;
use crate::rules::Rule;
use crate::template_path::TemplatePath;

/// The sections of a template.
#[derive(Debug, Default)]
pub(crate) struct Sections {
    pub(crate) parameters: Vec<(String, Node)>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) conditions: Vec<(String, Node)>,
    pub(crate) globals: Vec<(String, Node)>,
    pub(crate) resources: Vec<(String, Declaration)>,
    pub(crate) outputs: Vec<(String, Node)>,
}

/// A resource as declared in the template.
#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) kind: String,
    pub(crate) condition: Option<String>,
    pub(crate) properties: Node,
    pub(crate) metadata: Node,
}

/// Returns the names of the parameters that a template declares.
///
/// # Errors
/// Returns an error if the text is not YAML, or if it contains a section, an attribute or a function
/// that local-cloud does not support.
pub fn parameter_names(text: &str) -> Result<BTreeSet<String>, TemplateError> {
    let sections = Sections::parse(text)?;
    Ok(sections.parameters.into_iter().map(|(name, _)| name).collect())
}

const TRANSFORM: &str = "AWS::Serverless-2016-10-31";

impl Sections {
    pub(crate) fn parse(text: &str) -> Result<Self, TemplateError> {
        let root = TemplatePath::root("Template");
        let Yaml::Mapping(document) = yaml_serde::from_str(text)? else {
            return Err(TemplateError::invalid(&root, "a mapping is expected"));
        };
        let mut sections = Self::default();
        for (name, value) in document {
            let Yaml::String(name) = name else {
                return Err(TemplateError::invalid(&root, "a section's name is a string"));
            };
            let at = TemplatePath::root(name.clone());
            match name.as_str() {
                "AWSTemplateFormatVersion" | "Description" | "Metadata" => {}
                "Transform" => match value {
                    Yaml::String(transform) if transform == TRANSFORM => {}
                    _ => {
                        return Err(TemplateError::unsupported(
                            &at,
                            format!("a transform other than {TRANSFORM}"),
                        ));
                    }
                },
                "Parameters" => sections.parameters = entries(value, &at)?,
                "Rules" => {
                    sections.rules = entries(value, &at)?
                        .into_iter()
                        .map(|(name, rule)| Rule::parse(&name, rule))
                        .collect::<Result<_, _>>()?;
                }
                "Conditions" => sections.conditions = entries(value, &at)?,
                "Globals" => sections.globals = entries(value, &at)?,
                "Outputs" => sections.outputs = entries(value, &at)?,
                "Resources" => sections.resources = resources(value, &at)?,
                _ => return Err(TemplateError::unsupported(&root, format!("the section `{name}`"))),
            }
        }
        Ok(sections)
    }
}

fn entries(value: Yaml, at: &TemplatePath) -> Result<Vec<(String, Node)>, TemplateError> {
    match Node::parse(value, at)? {
        Node::Map(entries) => Ok(entries),
        Node::Null => Ok(Vec::new()),
        _ => Err(TemplateError::invalid(at, "a mapping is expected")),
    }
}

fn resources(value: Yaml, at: &TemplatePath) -> Result<Vec<(String, Declaration)>, TemplateError> {
    let Yaml::Mapping(resources) = value else {
        return Err(TemplateError::invalid(at, "a mapping is expected"));
    };
    let mut declarations = Vec::with_capacity(resources.len());
    for (id, body) in resources {
        let (Yaml::String(id), Yaml::Mapping(body)) = (id, body) else {
            return Err(TemplateError::invalid(
                at,
                "a resource is a logical id and a mapping",
            ));
        };
        let declaration = Declaration::parse(body, &TemplatePath::root(id.clone()))?;
        declarations.push((id, declaration));
    }
    Ok(declarations)
}

impl Declaration {
    fn parse(body: yaml_serde::Mapping, at: &TemplatePath) -> Result<Self, TemplateError> {
        let mut properties = Yaml::Null;
        let mut metadata = Yaml::Null;
        let mut kind = None;
        let mut condition = None;
        for (key, value) in body {
            let Yaml::String(key) = key else {
                return Err(TemplateError::invalid(at, "an attribute's name is a string"));
            };
            match (key.as_str(), value) {
                ("Type", Yaml::String(value)) => kind = Some(value),
                ("Condition", Yaml::String(value)) => condition = Some(value),
                ("Properties", value) => properties = value,
                ("Metadata", value) => metadata = value,
                // References determine the order of creation, and the local stack is neither updated nor deleted.
                ("DependsOn" | "DeletionPolicy" | "UpdatePolicy" | "UpdateReplacePolicy", _) => {}
                _ => {
                    return Err(TemplateError::unsupported(
                        at,
                        format!("the resource attribute `{key}`"),
                    ));
                }
            }
        }
        let kind = kind.ok_or_else(|| TemplateError::invalid(at, "`Type` is missing"))?;
        // Do not parse an ignored resource, because it may use functions that are not supported.
        let ignored = crate::ignored::is_ignored_type(&kind);
        Ok(Self {
            properties: if ignored {
                Node::Null
            } else {
                Node::parse(properties, &at.key("Properties"))?
            },
            metadata: if ignored {
                Node::Null
            } else {
                Node::parse(metadata, &at.key("Metadata"))?
            },
            kind,
            condition,
        })
    }
}
