//! Where in the template something stands.

use std::fmt;

/// A place in the template, such as `Resources.Orders.Properties.RedrivePolicy`, for error messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TemplatePath(String);

impl TemplatePath {
    /// The path of a top-level section or of a resource.
    pub(crate) fn root(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The path of a key below this one.
    pub(crate) fn key(&self, key: &str) -> Self {
        Self(format!("{}.{key}", self.0))
    }

    /// The path of a list's element.
    pub(crate) fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }
}

impl fmt::Display for TemplatePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
