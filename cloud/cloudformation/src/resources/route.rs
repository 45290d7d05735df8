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
    /// Whether a request needs an API key.
    pub requires_api_key: bool,
}

impl Route {
    /// Whether both are the same method on the same path, for the same function.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let Self {
            method,
            path,
            function_name,
            requires_api_key: _,
        } = self;
        (method, path, function_name) == (&other.method, &other.path, &other.function_name)
    }

    pub(crate) fn read_event(function_name: &str, mut properties: Properties) -> Result<Self, TemplateError> {
        properties.ignore(ignored::API_EVENT);
        properties.ignore(&["RestApiId"]);
        let path = properties.required_text("Path")?;
        let method = properties.required_text("Method")?.to_uppercase();
        let auth = properties.mapping("Auth")?;
        let requires_api_key = auth.map(|mut auth| auth.boolean("ApiKeyRequired")).transpose()?;
        properties.finish()?;
        Ok(Self {
            method,
            path,
            function_name: function_name.to_owned(),
            requires_api_key: requires_api_key.flatten().unwrap_or_default(),
        })
    }
}
