//! Reads the routes from the OpenAPI body of a REST API, by API Gateway's extensions.
//!
//! Source: the API Gateway Developer Guide, "OpenAPI extensions for API Gateway".

use super::name_of;
use super::route::Route;
use crate::error::TemplateError;
use crate::properties::Properties;

const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
const INTEGRATION: &str = "x-amazon-apigateway-integration";
const METHODS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];

/// Reads the paths with a function integration. A `mock` integration (the answer to a CORS preflight) is
/// skipped, because the gateway answers it itself.
pub(crate) fn read_routes(mut body: Properties) -> Result<Vec<Route>, TemplateError> {
    let paths = body.mapping("paths")?.ok_or_else(|| body.missing("paths"))?;
    let mut routes = Vec::new();
    for (path, mut item) in paths.into_mappings()? {
        item.ignore(&["parameters"]);
        for (key, operation) in item.into_mappings()? {
            let method = match key.as_str() {
                ANY_METHOD => "ANY".to_owned(),
                method if METHODS.contains(&method) => method.to_uppercase(),
                _ => return Err(TemplateError::unsupported(operation.at(), "this key of a path")),
            };
            if let Some(function_name) = integrated_function(operation)? {
                routes.push(Route {
                    method,
                    path: path.clone(),
                    function_name,
                });
            }
        }
    }
    Ok(routes)
}

fn integrated_function(mut operation: Properties) -> Result<Option<String>, TemplateError> {
    let mut integration = operation
        .mapping(INTEGRATION)?
        .ok_or_else(|| operation.missing(INTEGRATION))?;
    match integration.required_text("type")?.to_lowercase().as_str() {
        "aws_proxy" => {}
        "mock" => return Ok(None),
        kind => {
            return Err(TemplateError::unsupported(
                integration.at(),
                format!("the integration type `{kind}`"),
            ));
        }
    }
    let uri = integration.required_text("uri")?;
    let arn = uri
        .split_once("/functions/")
        .and_then(|(_, rest)| rest.strip_suffix("/invocations"));
    match arn {
        Some(arn) => Ok(Some(name_of(arn).to_owned())),
        None => Err(integration.wrong("uri", "a function's invocation address is expected")),
    }
}
