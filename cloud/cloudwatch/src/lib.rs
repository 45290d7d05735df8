//! CloudWatch of the local AWS: metrics in memory, and the alarms that watch them.
//!
//! [`CloudWatch`] takes values from the services and from the functions' log lines (`embedded_metrics`, [`MetricFilter`]),
//! and keeps them by the minute. [`CloudWatch::evaluate`] judges the alarms by AWS's rules, which `evaluation` holds.
//! Invariants: the number of metrics and of kept minutes is bounded, and a log line that is not valid changes nothing.
//!
//! Imports `cloud-wire` of the workspace.

mod alarm;
mod cloud_watch;
mod embedded_metrics;
mod evaluation;
mod expression;
mod filter_pattern;
mod metric;
mod metric_filter;
mod prometheus;
mod series;
mod statistic;
mod watched;

pub use alarm::{Alarm, AlarmError, Comparison, MissingData, Query, Source};
pub use cloud_watch::CloudWatch;
pub use evaluation::State;
pub use expression::{Expression, ExpressionError};
pub use filter_pattern::{FilterPattern, FilterPatternError};
pub use metric::Metric;
pub use metric_filter::{MetricFilter, Value};
pub use statistic::{Statistic, StatisticError};
pub use watched::AlarmState;
