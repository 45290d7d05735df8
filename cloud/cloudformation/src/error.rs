//! The errors of a template.

use crate::template_path::TemplatePath;

/// A template that cannot run on this machine. The error names the position.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The text is not YAML, or a mapping has the same key twice.
    #[error("the template is not valid YAML: {0}")]
    Yaml(#[from] yaml_serde::Error),
    /// A construct of CloudFormation or SAM that local-cloud does not support.
    #[error("{at}: {what} is not supported by local-cloud")]
    Unsupported {
        /// The position, starting with the logical id.
        at: String,
        /// The construct.
        what: String,
    },
    /// An error that CloudFormation would report as well.
    #[error("{at}: {what}")]
    Invalid {
        /// The position, starting with the logical id.
        at: String,
        /// The problem.
        what: String,
    },
    /// Values of parameters that a rule of the template refuses together.
    #[error("{at} refuses these parameters: {description}")]
    Rule {
        /// The rule.
        at: String,
        /// The text of the assertion.
        description: String,
    },
    /// A parameter value was given for a parameter that the template does not have.
    #[error("the template has no parameter `{0}`")]
    UnknownParameter(String),
    /// No value was given for a parameter without a default.
    #[error("parameter `{0}` has no default and was given no value")]
    MissingParameter(String),
    /// The value of a parameter breaks a rule in its declaration.
    #[error("parameter `{name}` cannot be `{value}`: {rule}")]
    ParameterValue {
        /// The name of the parameter.
        name: String,
        /// The given value.
        value: String,
        /// The rule.
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
