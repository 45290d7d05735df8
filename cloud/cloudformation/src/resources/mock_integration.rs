//! An integration of type `mock` in the OpenAPI body of a REST API.
//!
//! Source: the API Gateway Developer Guide, "x-amazon-apigateway-integration object" and "Mock integrations for REST APIs in API Gateway".

use serde_json::Value;

use crate::error::TemplateError;
use crate::properties::Properties;

/// The only media type of request and response templates.
const TEMPLATE_TYPE: &str = "application/json";
const HEADER: &str = "method.response.header.";

/// The answer that API Gateway gives by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockIntegration {
    /// The status.
    pub status: u16,
    /// Names and fixed values of headers.
    pub headers: Vec<(String, String)>,
    /// The response template. Empty if there is none.
    pub template: String,
}

impl MockIntegration {
    /// Reads an integration without its `type`. It must refuse bodies without a request template, name a status in its request
    /// template, and have one response, `default`.
    pub(crate) fn read(mut integration: Properties) -> Result<Self, TemplateError> {
        if integration.required_text("passthroughBehavior")? != "never" {
            let wrong =
                "only `never` is supported: with another behavior a body without a template answers 500";
            return Err(integration.wrong("passthroughBehavior", wrong));
        }
        let mut requests = integration
            .mapping("requestTemplates")?
            .ok_or_else(|| integration.missing("requestTemplates"))?;
        let request = requests.required_text(TEMPLATE_TYPE)?;
        let chosen = serde_json::from_str::<Value>(&request).ok();
        if !chosen.is_some_and(|request| request["statusCode"].is_u64()) {
            return Err(requests.wrong(TEMPLATE_TYPE, "a text such as {\"statusCode\": 204} is expected"));
        }
        requests.finish()?;
        let mut responses = integration
            .mapping("responses")?
            .ok_or_else(|| integration.missing("responses"))?;
        let mut response = responses
            .mapping("default")?
            .ok_or_else(|| responses.missing("default"))?;
        responses.finish()?;
        integration.finish()?;
        let status = response.required_text("statusCode")?.parse();
        let status = status.ok().filter(|status| (200..=599).contains(status));
        let status =
            status.ok_or_else(|| response.wrong("statusCode", "a status from 200 to 599 is expected"))?;
        let mut headers = Vec::new();
        if let Some(parameters) = response.mapping("responseParameters")? {
            let at = parameters.at().clone();
            for (name, value) in parameters.into_texts()? {
                let name_of_header = name.strip_prefix(HEADER);
                let fixed = value
                    .strip_prefix('\'')
                    .and_then(|value| value.strip_suffix('\''));
                let (Some(header), Some(fixed)) = (name_of_header, fixed) else {
                    let what = "a response parameter that is not a header with a fixed text in single quotes";
                    return Err(TemplateError::unsupported(&at.key(&name), what));
                };
                headers.push((header.to_owned(), fixed.to_owned()));
            }
        }
        let mut template = String::new();
        if let Some(mut templates) = response.mapping("responseTemplates")? {
            template = templates.required_text(TEMPLATE_TYPE)?;
            templates.finish()?;
        }
        response.finish()?;
        Ok(Self {
            status,
            headers,
            template,
        })
    }
}
