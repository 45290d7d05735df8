//! `AWS::CloudWatch::Alarm`.

use std::collections::BTreeMap;

use cloud_cloudwatch::{Alarm, Comparison, Expression, Metric, MissingData, Query, Source, Statistic};

use crate::error::TemplateError;
use crate::ignored;
use crate::properties::Properties;
use crate::template_path::TemplatePath;

/// The longest time that an alarm may look back, in minutes. Source: CloudWatch API Reference, `PutMetricAlarm`: evaluation periods
/// times period is at most one day, for periods below an hour.
const MAX_MINUTES: u32 = 24 * 60;

/// Reads an alarm. `name` is its logical id, which is used if it has no name.
pub(crate) fn read(logical_id: &str, mut properties: Properties) -> Result<Alarm, TemplateError> {
    properties.ignore(ignored::ALARM);
    let at = properties.at().clone();
    let name = properties
        .text("AlarmName")?
        .unwrap_or_else(|| logical_id.to_owned());
    let comparison = properties.required_text("ComparisonOperator")?;
    let comparison = Comparison::parse(&comparison)
        .ok_or_else(|| TemplateError::unsupported(&at, format!("the comparison operator `{comparison}`")))?;
    let missing = match properties.text("TreatMissingData")? {
        None => MissingData::default(),
        Some(text) => MissingData::parse(&text).ok_or_else(|| {
            properties.wrong(
                "TreatMissingData",
                "it is breaching, notBreaching, ignore or missing",
            )
        })?,
    };
    let threshold = number(&mut properties, "Threshold")?;
    let evaluation_periods = properties.integer_within("EvaluationPeriods", 1, MAX_MINUTES)?;
    let evaluation_periods = evaluation_periods.ok_or_else(|| properties.missing("EvaluationPeriods"))?;
    let datapoints_to_alarm = properties
        .integer("DatapointsToAlarm")?
        .unwrap_or(evaluation_periods);
    let description = properties.text("AlarmDescription")?;
    let declared = properties.list("Metrics")?;
    let (queries, period_minutes) = if declared.is_empty() {
        let period = period(&mut properties)?;
        let source = read_metric(&mut properties, &at)?;
        (vec![query("m1".to_owned(), source, true)], period)
    } else {
        read_queries(declared, &at)?
    };
    properties.finish()?;
    let alarm = Alarm {
        name,
        description,
        queries,
        period_minutes,
        evaluation_periods,
        datapoints_to_alarm,
        threshold,
        comparison,
        missing,
    };
    if evaluation_periods * period_minutes > MAX_MINUTES {
        return Err(TemplateError::invalid(
            &at,
            "the alarm looks back for more than a day",
        ));
    }
    let checked = alarm.check();
    checked.map_err(|error| TemplateError::invalid(&at, error.to_string()))?;
    Ok(alarm)
}

fn query(id: String, source: Source, returns_data: bool) -> Query {
    Query {
        id,
        source,
        returns_data,
    }
}

/// Reads the property `Metrics`: metrics and expressions. Returns them with the period that all metrics have.
fn read_queries(
    declared: Vec<(TemplatePath, serde_json::Value)>,
    alarm: &TemplatePath,
) -> Result<(Vec<Query>, u32), TemplateError> {
    let (mut metrics, mut expressions, mut periods) = (Vec::new(), Vec::new(), Vec::new());
    for (at, value) in declared {
        let mut properties = Properties::new(at.clone(), value)?;
        properties.ignore(&["Label"]);
        let id = properties.required_text("Id")?;
        let returns_data = properties.boolean("ReturnData")?.unwrap_or(true);
        let text = properties.text("Expression")?;
        let stat = properties.mapping("MetricStat")?;
        properties.finish()?;
        match (text, stat) {
            (Some(text), None) => {
                let expression = Expression::parse(&text);
                let expression =
                    expression.map_err(|error| TemplateError::unsupported(&at, error.to_string()))?;
                expressions.push(query(id, Source::Expression(expression), returns_data));
            }
            (None, Some(mut stat)) => {
                periods.push(period(&mut stat)?);
                let metric = stat.mapping("Metric")?.ok_or_else(|| stat.missing("Metric"))?;
                let statistic = read_statistic(&mut stat, "Stat", &at)?;
                stat.ignore(&["Unit"]);
                stat.finish()?;
                let source = Source::Metric(read_identity(metric)?, statistic);
                metrics.push(query(id, source, returns_data));
            }
            _ => {
                return Err(TemplateError::invalid(
                    &at,
                    "it has either Expression or MetricStat",
                ));
            }
        }
    }
    let period = periods.first().copied().unwrap_or(1);
    if periods.iter().any(|other| *other != period) {
        return Err(TemplateError::unsupported(
            alarm,
            "an alarm over metrics of different periods",
        ));
    }
    // The order of a template is free. Here an expression uses queries above it only.
    metrics.append(&mut expressions);
    Ok((metrics, period))
}

/// Reads the properties of an alarm over one metric.
fn read_metric(properties: &mut Properties, at: &TemplatePath) -> Result<Source, TemplateError> {
    properties.ignore(&["Unit"]);
    let namespace = properties.required_text("Namespace")?;
    let name = properties.required_text("MetricName")?;
    let dimensions = read_dimensions(properties)?;
    let statistic = match properties.text("ExtendedStatistic")? {
        Some(text) => {
            Statistic::parse(&text).map_err(|error| TemplateError::unsupported(at, error.to_string()))?
        }
        None => read_statistic(properties, "Statistic", at)?,
    };
    let metric = Metric {
        namespace,
        name,
        dimensions,
    };
    Ok(Source::Metric(metric, statistic))
}

fn read_identity(mut properties: Properties) -> Result<Metric, TemplateError> {
    let metric = Metric {
        namespace: properties.required_text("Namespace")?,
        name: properties.required_text("MetricName")?,
        dimensions: read_dimensions(&mut properties)?,
    };
    properties.finish()?;
    Ok(metric)
}

fn read_dimensions(properties: &mut Properties) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut dimensions = BTreeMap::new();
    for (at, value) in properties.list("Dimensions")? {
        let mut dimension = Properties::new(at, value)?;
        dimensions.insert(
            dimension.required_text("Name")?,
            dimension.required_text("Value")?,
        );
        dimension.finish()?;
    }
    Ok(dimensions)
}

fn read_statistic(
    properties: &mut Properties,
    name: &str,
    at: &TemplatePath,
) -> Result<Statistic, TemplateError> {
    let text = properties.required_text(name)?;
    Statistic::parse(&text).map_err(|error| TemplateError::unsupported(at, error.to_string()))
}

/// Reads a period, and returns it in minutes.
fn period(properties: &mut Properties) -> Result<u32, TemplateError> {
    let seconds = properties
        .integer("Period")?
        .ok_or_else(|| properties.missing("Period"))?;
    if seconds == 0 || !seconds.is_multiple_of(60) {
        return Err(TemplateError::unsupported(
            properties.at(),
            format!("a period of {seconds} seconds"),
        ));
    }
    Ok(seconds / 60)
}

fn number(properties: &mut Properties, name: &str) -> Result<f64, TemplateError> {
    let text = properties.required_text(name)?;
    let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| properties.wrong(name, "a number is expected"))
}
