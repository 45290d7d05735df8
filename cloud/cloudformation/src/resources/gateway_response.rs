//! `GatewayResponses` of a REST API, in the form of SAM.

use crate::error::TemplateError;
use crate::properties::Properties;

/// The only media type of a template: API Gateway's own answers have it.
const TEMPLATE_TYPE: &str = "application/json";

/// The answer of the gateway to a kind of error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayResponse {
    /// The response type, such as `THROTTLED` or `DEFAULT_4XX`.
    pub kind: String,
    /// The status, if it is not API Gateway's own.
    pub status: Option<u16>,
    /// Names and fixed values of headers.
    pub headers: Vec<(String, String)>,
    /// The body, with variables such as `$context.error.messageString`.
    pub template: Option<String>,
}

impl GatewayResponse {
    /// Reads all gateway responses of an API.
    pub(crate) fn read_all(api: &mut Properties) -> Result<Vec<Self>, TemplateError> {
        let Some(responses) = api.mapping("GatewayResponses")? else {
            return Ok(Vec::new());
        };
        let responses = responses.into_mappings()?.into_iter();
        responses
            .map(|(kind, properties)| Self::read(kind, properties))
            .collect()
    }

    fn read(kind: String, mut properties: Properties) -> Result<Self, TemplateError> {
        let status = properties
            .text("StatusCode")?
            .map(|status| match status.parse() {
                Ok(status @ 200..=599) => Ok(status),
                _ => Err(properties.wrong("StatusCode", "a status from 200 to 599 is expected")),
            })
            .transpose()?;
        let mut headers = Vec::new();
        if let Some(mut parameters) = properties.mapping("ResponseParameters")? {
            if let Some(mapping) = parameters.mapping("Headers")? {
                let at = mapping.at().clone();
                for (name, value) in mapping.into_texts()? {
                    let fixed = value
                        .strip_prefix('\'')
                        .and_then(|value| value.strip_suffix('\''));
                    let fixed = fixed.ok_or_else(|| {
                        TemplateError::unsupported(
                            &at.key(&name),
                            "a header value that is not a fixed text in single quotes",
                        )
                    })?;
                    headers.push((name, fixed.to_owned()));
                }
            }
            parameters.finish()?;
        }
        let mut template = None;
        if let Some(mut templates) = properties.mapping("ResponseTemplates")? {
            template = templates.text(TEMPLATE_TYPE)?;
            templates.finish()?;
        }
        properties.finish()?;
        Ok(Self {
            kind,
            status,
            headers,
            template,
        })
    }
}
