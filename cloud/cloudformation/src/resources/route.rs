//! A route of the REST API, and a function's event of type `Api`.

use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;

/// A method on a path, and the function that handles it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// An HTTP method in upper case, or `ANY`.
    pub method: String,
    /// The path, for example `/orders/{id}` or `/{proxy+}`.
    pub path: String,
    /// The physical name of the function.
    pub function_name: String,
}

impl Route {
    pub(crate) fn read_event(function_name: &str, mut properties: Properties) -> Result<Self, TemplateError> {
        properties.ignore(ignored::API_EVENT);
        properties.ignore(&["RestApiId"]);
        let path = properties.required_text("Path")?;
        let method = properties.required_text("Method")?.to_uppercase();
        properties.finish()?;
        Ok(Self {
            method,
            path,
            function_name: function_name.to_owned(),
        })
    }
}
