//! `MethodSettings` of a REST API, as far as they throttle.

use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;

/// The limits of one method, or of every method.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodThrottle {
    /// The path of a resource, such as `/orders`, or `*` for all.
    pub resource: String,
    /// The method in capitals, or `*` for all.
    pub method: String,
    /// Requests per second.
    pub rate: f64,
    /// Requests at once.
    pub burst: u32,
}

impl MethodThrottle {
    /// Reads the settings of an API. One without limits is left out.
    pub(crate) fn read_all(api: &mut Properties) -> Result<Vec<Self>, TemplateError> {
        let mut throttles = Vec::new();
        for (at, value) in api.list("MethodSettings")? {
            throttles.extend(Self::read(Properties::new(at, value)?)?);
        }
        Ok(throttles)
    }

    fn read(mut properties: Properties) -> Result<Option<Self>, TemplateError> {
        properties.ignore(ignored::METHOD_SETTING);
        // A slash inside a path is written as in a JSON pointer: `/~1orders`.
        let path = properties.required_text("ResourcePath")?;
        let path = path.strip_prefix('/').unwrap_or(&path).replace("~1", "/");
        let method = properties.required_text("HttpMethod")?.to_uppercase();
        let rate = properties
            .text("ThrottlingRateLimit")?
            .map(|text| {
                text.parse::<f64>()
                    .ok()
                    .filter(|rate| rate.is_finite() && *rate >= 0.0)
            })
            .map(|rate| rate.ok_or_else(|| properties.wrong("ThrottlingRateLimit", "a number is expected")))
            .transpose()?;
        let burst = properties.integer("ThrottlingBurstLimit")?;
        properties.finish()?;
        Ok(rate.zip(burst).map(|(rate, burst)| Self {
            resource: path,
            method,
            rate,
            burst,
        }))
    }
}
