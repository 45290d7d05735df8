//! What can be wrong with a template.

use crate::template_path::TemplatePath;

/// A template that cannot be run on this machine, and where it cannot.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The text is not YAML, or repeats a key.
    #[error("the template is not valid YAML: {0}")]
    Yaml(#[from] yaml_serde::Error),
    /// A construct of CloudFormation or SAM that local-cloud does not support.
    #[error("{at}: {what} is not supported by local-cloud")]
    Unsupported {
        /// Where it stands, from the logical id down.
        at: String,
        /// The construct.
        what: String,
    },
    /// Something that CloudFormation would refuse too.
    #[error("{at}: {what}")]
    Invalid {
        /// Where it stands, from the logical id down.
        at: String,
        /// What is wrong.
        what: String,
    },
    /// An override names a parameter that the template does not have.
    #[error("the template has no parameter `{0}`")]
    UnknownParameter(String),
    /// A parameter without a default was given no value.
    #[error("parameter `{0}` has no default and was given no value")]
    MissingParameter(String),
    /// A parameter's value breaks the template's own rule for it.
    #[error("parameter `{name}` cannot be `{value}`: {rule}")]
    ParameterValue {
        /// The parameter.
        name: String,
        /// The value it was given.
        value: String,
        /// The rule that it breaks.
        rule: String,
    },
}

impl TemplateError {
    pub(crate) fn unsupported(at: &TemplatePath, what: impl Into<String>) -> Self {
        Self::Unsupported {
            at: at.to_string(),
            what: what.into(),
        }
    }

    pub(crate) fn invalid(at: &TemplatePath, what: impl Into<String>) -> Self {
        Self::Invalid {
            at: at.to_string(),
            what: what.into(),
        }
    }
}
