//! Reads the routes from the OpenAPI body of a REST API, by API Gateway's extensions.
//!
//! Source: the API Gateway Developer Guide, "OpenAPI extensions for API Gateway".

use super::mock_integration::MockIntegration;
use super::name_of;
use super::route::{Integration, Route};
use crate::error::TemplateError;
use crate::properties::Properties;

const ANY_METHOD: &str = "x-amazon-apigateway-any-method";
const INTEGRATION: &str = "x-amazon-apigateway-integration";
const METHODS: [&str; 7] = ["delete", "get", "head", "options", "patch", "post", "put"];

/// Reads the methods of all paths.
pub(crate) fn read_routes(mut body: Properties) -> Result<Vec<Route>, TemplateError> {
    let key_schemes = key_schemes(&mut body)?;
    let paths = body.mapping("paths")?.ok_or_else(|| body.missing("paths"))?;
    let mut routes = Vec::new();
    for (path, mut item) in paths.into_mappings()? {
        item.ignore(&["parameters"]);
        for (key, mut operation) in item.into_mappings()? {
            let method = match key.as_str() {
                ANY_METHOD => "ANY".to_owned(),
                method if METHODS.contains(&method) => method.to_uppercase(),
                _ => return Err(TemplateError::unsupported(operation.at(), "this key of a path")),
            };
            let requires_api_key = requires_one_of(&mut operation, &key_schemes)?;
            routes.push(Route {
                method,
                path: path.clone(),
                integration: integration(operation)?,
                requires_api_key,
            });
        }
    }
    Ok(routes)
}

/// The names of the security schemes that are an API key in the header `x-api-key`.
fn key_schemes(body: &mut Properties) -> Result<Vec<String>, TemplateError> {
    let Some(mut components) = body.mapping("components")? else {
        return Ok(Vec::new());
    };
    let Some(schemes) = components.mapping("securitySchemes")? else {
        return Ok(Vec::new());
    };
    let mut names = Vec::new();
    for (name, mut scheme) in schemes.into_mappings()? {
        let header = scheme.text("name")?.unwrap_or_default();
        if header.eq_ignore_ascii_case("x-api-key") {
            names.push(name);
        }
    }
    Ok(names)
}

/// Whether the `security` of an operation names one of the schemes.
fn requires_one_of(operation: &mut Properties, schemes: &[String]) -> Result<bool, TemplateError> {
    let requirements = operation.list("security")?;
    let requirements = requirements.iter().filter_map(|(_, value)| value.as_object());
    Ok(requirements
        .flat_map(|requirement| requirement.keys())
        .any(|name| schemes.contains(name)))
}

fn integration(mut operation: Properties) -> Result<Integration, TemplateError> {
    let mut integration = operation
        .mapping(INTEGRATION)?
        .ok_or_else(|| operation.missing(INTEGRATION))?;
    match integration.required_text("type")?.to_lowercase().as_str() {
        "aws_proxy" => {}
        "mock" => return MockIntegration::read(integration).map(Integration::Mock),
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
        Some(arn) => Ok(Integration::Function(name_of(arn).to_owned())),
        None => Err(integration.wrong("uri", "a function's invocation address is expected")),
    }
}
