//! A route of the REST API, and a function's event of type `Api`.

use super::mock_integration::MockIntegration;
use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;

/// Who answers the requests of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Integration {
    /// The function with this physical name.
    Function(String),
    /// API Gateway itself.
    Mock(MockIntegration),
}

/// A method on a path, and who answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// An HTTP method in upper case, or `ANY`.
    pub method: String,
    /// The path, for example `/orders/{id}` or `/{proxy+}`.
    pub path: String,
    /// Who answers.
    pub integration: Integration,
    /// Whether a request needs an API key.
    pub requires_api_key: bool,
}

impl Route {
    /// Whether both are the same method on the same path, with the same integration.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let Self {
            method,
            path,
            integration,
            requires_api_key: _,
        } = self;
        (method, path, integration) == (&other.method, &other.path, &other.integration)
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
            integration: Integration::Function(function_name.to_owned()),
            requires_api_key: requires_api_key.flatten().unwrap_or_default(),
        })
    }
}
