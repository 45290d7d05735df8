//! The metrics of the REST API, as API Gateway publishes them.
//!
//! Source: API Gateway Developer Guide, "Amazon API Gateway dimensions and metrics". The latency of a refused request counts too.

use std::time::Duration;

use axum::http::StatusCode;
use cloud_billing::{Meter, Source, Units};
use cloud_cloudwatch::{CloudWatch, Metric};

/// Counts the requests of one API.
#[derive(Clone, Debug, Default)]
pub struct ApiMetrics {
    /// Where the metrics go.
    pub cloud_watch: CloudWatch,
    /// Where billed requests are counted.
    pub meter: Meter,
    /// The name of the API.
    pub api_name: String,
    /// The stage.
    pub stage: String,
}

impl ApiMetrics {
    /// Counts a request that was answered with this status after so long.
    pub(crate) fn count(&self, status: StatusCode, took: Duration) {
        let add = |name, value| {
            let dimensions = [("ApiName", self.api_name.as_str()), ("Stage", &self.stage)];
            self.cloud_watch
                .add(Metric::new("AWS/ApiGateway", name, &dimensions), value);
        };
        let one_if = |holds| if holds { 1.0 } else { 0.0 };
        add("Count", 1.0);
        add("4XXError", one_if(status.is_client_error()));
        add("5XXError", one_if(status.is_server_error()));
        add("Latency", took.as_secs_f64() * 1000.0);
    }

    /// Counts what a request costs.
    pub(crate) fn bill(&self, units: Units) {
        self.meter.add(&Source::Api(&self.api_name), units);
    }
}
