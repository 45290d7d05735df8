//! Positions in the template.

use std::fmt;

/// A position in the template for error messages, for example `Resources.Orders.Properties.RedrivePolicy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TemplatePath(String);

impl TemplatePath {
    /// Returns the path of a top-level section or of a resource.
    pub(crate) fn root(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Returns the path of a key below this path.
    pub(crate) fn key(&self, key: &str) -> Self {
        Self(format!("{}.{key}", self.0))
    }

    /// Returns the path of a list element.
    pub(crate) fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }
}

impl fmt::Display for TemplatePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
