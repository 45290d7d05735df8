//! `AWS::Serverless::Api` and the events of type `Api`.

use super::openapi;
use super::route::Route;
use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;
use crate::stack_location::StackLocation;
use crate::template_path::TemplatePath;

/// The REST API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Api {
    /// Its id.
    pub id: String,
    /// Its stage. Locally it is told to functions and does not stand in the path, as with a custom domain.
    pub stage: String,
    /// What it serves.
    pub routes: Vec<Route>,
    /// Whether the routes come from its OpenAPI body: then the functions' events add none.
    has_body: bool,
}

impl Api {
    pub(crate) fn read(
        location: &StackLocation,
        logical_id: &str,
        mut properties: Properties,
    ) -> Result<Self, TemplateError> {
        properties.ignore(&["Name"]);
        properties.ignore(ignored::API);
        let stage = properties.required_text("StageName")?;
        let body = properties.mapping("DefinitionBody")?;
        properties.finish()?;
        let has_body = body.is_some();
        let routes = body.map(openapi::read_routes).transpose()?.unwrap_or_default();
        Ok(Self {
            id: location.api_id(logical_id),
            stage,
            routes,
            has_body,
        })
    }

    /// The API that SAM makes for events that name none.
    pub(crate) fn implicit() -> Self {
        Self {
            id: "serverlessrestapi".to_owned(),
            stage: "Prod".to_owned(),
            routes: Vec::new(),
            has_body: false,
        }
    }

    /// Adds the routes of the functions' events; under a body, each has to be in the body already.
    pub(crate) fn add_event_routes(&mut self, routes: Vec<Route>) -> Result<(), TemplateError> {
        if !self.has_body {
            self.routes.extend(routes);
            return Ok(());
        }
        match routes.into_iter().find(|route| !self.routes.contains(route)) {
            None => Ok(()),
            Some(Route {
                method,
                path,
                function_name,
            }) => Err(TemplateError::invalid(
                &TemplatePath::root(function_name).key("Events"),
                format!(
                    "`{method} {path}` is not in the API's DefinitionBody, so that it would not be served"
                ),
            )),
        }
    }
}
