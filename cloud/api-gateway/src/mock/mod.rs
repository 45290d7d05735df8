//! MOCK integrations: the gateway answers by itself, and no function is invoked.
//!
//! Source: the API Gateway Developer Guide, "Mock integrations for REST APIs in API Gateway" and "Integration passthrough behaviors".

mod evaluate;
mod parse;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::event_headers::EventHeaders;
use crate::gateway_error::GatewayError;
pub use parse::ResponseTemplateError;
use parse::Template;

/// The media type of the only request template.
const TEMPLATE_TYPE: &str = "application/json";

/// The answer of a MOCK integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MockIntegration {
    status: u16,
    headers: Vec<(String, String)>,
    template: Template,
}

impl MockIntegration {
    /// Takes a status, names and fixed values of headers, and the response template: a part of the Velocity Template Language, which
    /// [`ResponseTemplateError`] describes.
    pub fn new(
        status: u16,
        headers: Vec<(String, String)>,
        template: &str,
    ) -> Result<Self, ResponseTemplateError> {
        let template = template.parse()?;
        Ok(Self {
            status,
            headers,
            template,
        })
    }

    /// Builds the answer to a request. Only a body of JSON, or none, has a request template.
    pub(crate) fn answer(&self, request: &EventHeaders) -> Result<Response<Body>, GatewayError> {
        let media_type = request.last(&header::CONTENT_TYPE).unwrap_or(TEMPLATE_TYPE);
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !media_type.eq_ignore_ascii_case(TEMPLATE_TYPE) {
            return Err(GatewayError::UnsupportedMediaType);
        }
        let evaluated = self.template.evaluate(&request.last_values());
        let mut response = Response::new(Body::from(evaluated.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).map_err(|_| GatewayError::InternalServerError)?;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(TEMPLATE_TYPE));
        for (name, value) in self.headers.iter().chain(&evaluated.headers) {
            // A text that is no header is left out, as in a gateway response.
            if let (Ok(name), Ok(value)) = (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) {
                headers.insert(name, value);
            }
        }
        Ok(response)
    }
}
