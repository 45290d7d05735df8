//! Queries of CloudWatch Logs Insights.
//!
//! It is called without an SDK: two operations are needed, and the SDK of CloudWatch Logs brings over a hundred, with a codec
//! of event streams that every other SDK would then be built with.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use aws_config::SdkConfig;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::signature::{LOGS, Signer};
use crate::connection::http_client;

/// The pause between two questions for the result.
const PAUSE: Duration = Duration::from_millis(500);
/// The longest time that a query may take.
const MAX_DURATION: Duration = Duration::from_mins(2);

/// A client of CloudWatch Logs.
pub(crate) struct LogsInsights {
    http: reqwest::Client,
    url: String,
    signer: Signer,
}

/// A row of a result: its fields by their names.
pub(crate) type Row = BTreeMap<String, String>;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    query_id: String,
}

#[derive(Debug, Deserialize)]
struct Results {
    status: String,
    #[serde(default)]
    results: Vec<Vec<Cell>>,
}

#[derive(Debug, Deserialize)]
struct Cell {
    field: String,
    #[serde(default)]
    value: String,
}

impl LogsInsights {
    pub(crate) fn new(config: &SdkConfig) -> anyhow::Result<Self> {
        let region = config.region().context("no AWS region is set")?;
        let url = match config.endpoint_url() {
            Some(url) => url.to_owned(),
            None => endpoint(region.as_ref()),
        };
        Ok(Self {
            http: http_client(&url)?,
            url,
            signer: Signer::new(config, LOGS)?,
        })
    }

    /// Runs a query over log groups and a span of time, and waits for its result.
    pub(crate) async fn query(
        &self,
        groups: &[String],
        query: &str,
        from: SystemTime,
        to: SystemTime,
    ) -> anyhow::Result<Vec<Row>> {
        let started = self
            .call(
                "StartQuery",
                &json!({
                    "logGroupNames": groups,
                    "queryString": query,
                    "startTime": seconds(from),
                    "endTime": seconds(to) + 1,
                }),
            )
            .await?;
        let started: Started = serde_json::from_value(started).context("the query has no id")?;
        let deadline = Instant::now() + MAX_DURATION;
        loop {
            let answer = self
                .call("GetQueryResults", &json!({ "queryId": started.query_id }))
                .await?;
            let results: Results = serde_json::from_value(answer).context("the result cannot be read")?;
            match results.status.as_str() {
                "Complete" => return Ok(results.results.into_iter().map(row).collect()),
                "Scheduled" | "Running" | "Unknown" if Instant::now() < deadline => {
                    tokio::time::sleep(PAUSE).await;
                }
                status => anyhow::bail!("the query of the logs ended as {status}"),
            }
        }
    }

    /// Calls an operation by AWS's protocol JSON 1.1.
    async fn call(&self, operation: &str, input: &Value) -> anyhow::Result<Value> {
        let request = self
            .http
            .post(format!("{}/", self.url.trim_end_matches('/')))
            .header(CONTENT_TYPE, "application/x-amz-json-1.1")
            .header("x-amz-target", format!("Logs_20140328.{operation}"))
            .body(serde_json::to_vec(input)?);
        let mut request = request.build()?;
        self.signer.sign(&mut request, SystemTime::now()).await?;
        let answer = self.http.execute(request).await;
        let answer = answer.with_context(|| format!("{operation}: CloudWatch Logs does not answer"))?;
        let status = answer.status();
        let body = answer.bytes().await.context("the answer was cut off")?;
        let document: Value = serde_json::from_slice(&body).unwrap_or_default();
        if status.is_success() {
            return Ok(document);
        }
        let text = |name: &str| document[name].as_str().unwrap_or_default();
        let code = text("__type").rsplit('#').next().unwrap_or_default();
        // Some services of AWS write the name of this field in capitals.
        let message = [text("message"), text("Message")].concat();
        anyhow::bail!("{operation} was answered with {status} {code}: {message}")
    }
}

fn row(cells: Vec<Cell>) -> Row {
    cells.into_iter().map(|cell| (cell.field, cell.value)).collect()
}

/// The endpoint of a region. Those of China have a domain of their own.
fn endpoint(region: &str) -> String {
    let domain = if region.starts_with("cn-") {
        "amazonaws.com.cn"
    } else {
        "amazonaws.com"
    };
    format!("https://logs.{region}.{domain}")
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_its_fields_by_their_names() {
        let results: Results = serde_json::from_value(json!({
            "status": "Complete",
            "results": [[{"field": "@message", "value": "{}"}, {"field": "@ptr", "value": "p"}]],
        }))
        .unwrap();
        let rows: Vec<Row> = results.results.into_iter().map(row).collect();
        assert_eq!(rows[0]["@message"], "{}");
    }

    #[test]
    fn regions_have_their_own_endpoints() {
        assert_eq!(endpoint("eu-west-1"), "https://logs.eu-west-1.amazonaws.com");
        assert_eq!(endpoint("cn-north-1"), "https://logs.cn-north-1.amazonaws.com.cn");
    }
}
