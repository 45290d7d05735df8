//! `AWS::Logs::MetricFilter`.

use cloud_cloudwatch::{FilterPattern, Metric, MetricFilter, Value};

use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;

/// Reads the transformations of a metric filter, each as a filter of its own.
pub(crate) fn read(mut properties: Properties) -> Result<Vec<MetricFilter>, TemplateError> {
    properties.ignore(ignored::METRIC_FILTER);
    let at = properties.at().clone();
    let log_group = properties.required_text("LogGroupName")?;
    let pattern = properties.required_text("FilterPattern")?;
    let pattern = FilterPattern::parse(&pattern);
    let pattern = pattern.map_err(|error| TemplateError::unsupported(&at, error.to_string()))?;
    let mut filters = Vec::new();
    for (at, value) in properties.list("MetricTransformations")? {
        let mut transformation = Properties::new(at.clone(), value)?;
        transformation.ignore(ignored::METRIC_TRANSFORMATION);
        let namespace = transformation.required_text("MetricNamespace")?;
        let name = transformation.required_text("MetricName")?;
        let value = transformation.required_text("MetricValue")?;
        let value = Value::parse(&value)
            .ok_or_else(|| TemplateError::unsupported(&at, format!("the metric value `{value}`")))?;
        transformation.finish()?;
        filters.push(MetricFilter {
            log_group: log_group.clone(),
            pattern: pattern.clone(),
            metric: Metric::new(&namespace, &name, &[]),
            value,
        });
    }
    properties.finish()?;
    Ok(filters)
}
