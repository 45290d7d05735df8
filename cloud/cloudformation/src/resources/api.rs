//! `AWS::Serverless::Api`, and function events of type `Api`.

use super::gateway_response::GatewayResponse;
use super::method_throttle::MethodThrottle;
use super::openapi;
use super::route::{Integration, Route};
use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;
use crate::stack_location::StackLocation;
use crate::template_path::TemplatePath;

/// The REST API.
#[derive(Clone, Debug, PartialEq)]
pub struct Api {
    /// The id.
    pub id: String,
    /// The name, by which its metrics are found.
    pub name: String,
    /// The stage. Locally, it is in the events of functions but not in the path, as with a custom domain.
    pub stage: String,
    /// The routes.
    pub routes: Vec<Route>,
    /// The media types of bodies that are binary data, such as `image/png`.
    pub binary_media_types: Vec<String>,
    /// The answers of the gateway itself.
    pub gateway_responses: Vec<GatewayResponse>,
    /// The limits of methods.
    pub throttles: Vec<MethodThrottle>,
    /// True if the routes come from an OpenAPI body. Then the functions' events add no routes.
    has_body: bool,
}

impl Api {
    pub(crate) fn read(
        location: &StackLocation,
        logical_id: &str,
        name: String,
        mut properties: Properties,
    ) -> Result<Self, TemplateError> {
        properties.ignore(&["Name"]);
        properties.ignore(ignored::API);
        let stage = properties.required_text("StageName")?;
        let body = properties.mapping("DefinitionBody")?;
        // SAM writes a slash as `~1`, as in a JSON pointer.
        let media_types = properties.texts("BinaryMediaTypes")?;
        let binary_media_types = media_types.iter().map(|name| name.replace("~1", "/")).collect();
        let gateway_responses = GatewayResponse::read_all(&mut properties)?;
        let throttles = MethodThrottle::read_all(&mut properties)?;
        properties.finish()?;
        let has_body = body.is_some();
        let routes = body.map(openapi::read_routes).transpose()?.unwrap_or_default();
        Ok(Self {
            id: location.api_id(logical_id),
            name,
            stage,
            routes,
            binary_media_types,
            gateway_responses,
            throttles,
            has_body,
        })
    }

    /// The API that SAM creates for events that do not name an API.
    pub(crate) fn implicit() -> Self {
        Self {
            id: "serverlessrestapi".to_owned(),
            name: "serverlessrestapi".to_owned(),
            stage: "Prod".to_owned(),
            routes: Vec::new(),
            binary_media_types: Vec::new(),
            gateway_responses: Vec::new(),
            throttles: Vec::new(),
            has_body: false,
        }
    }

    /// Adds the routes of the functions' events. If the API has a body, each route must be in the body
    /// already.
    pub(crate) fn add_event_routes(&mut self, routes: Vec<Route>) -> Result<(), TemplateError> {
        if !self.has_body {
            self.routes.extend(routes);
            return Ok(());
        }
        match routes
            .into_iter()
            .find(|route| !self.routes.iter().any(|known| known.is_same(route)))
        {
            None => Ok(()),
            Some(Route {
                method,
                path,
                integration,
                ..
            }) => Err(TemplateError::invalid(
                &match integration {
                    Integration::Function(name) => TemplatePath::root(name).key("Events"),
                    Integration::Mock(_) => TemplatePath::root("Events"),
                },
                format!(
                    "`{method} {path}` is not in the API's DefinitionBody, so that it would not be served"
                ),
            )),
        }
    }
}
