//! The table of prices.

use std::path::Path;

use anyhow::Context;
use serde::Deserialize;

use super::dollars::Dollars;

/// The table that is part of the program.
const BUILT_IN: &str = include_str!("prices.yaml");

/// Prices of one region. `prices.yaml` says what each is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prices {
    pub(super) region: String,
    pub(super) api_request: Price,
    pub(super) lambda_request: Price,
    pub(super) lambda_gb_second: Price,
    pub(super) sqs_request: Price,
    pub(super) sqs_grouped_request: Price,
    pub(super) sns_request: Price,
    pub(super) sns_email: Price,
    pub(super) dynamodb_write_unit: Price,
    pub(super) dynamodb_read_unit: Price,
    pub(super) log_gb: Price,
    pub(super) alarm_metric_month: Price,
    pub(super) custom_metric_month: Price,
    pub(super) idle_polling: IdlePolling,
}

/// The price of some units.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    /// In US dollars.
    usd: Dollars,
    /// The number of units that cost so much.
    per: u64,
    /// The page of AWS.
    pub(super) source: String,
    /// The day on which the price was read.
    pub(super) read_on: String,
}

/// How Lambda polls a queue without messages.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IdlePolling {
    pollers: u64,
    /// The length of a long poll.
    seconds: u64,
    hours_a_month: u64,
}

impl Prices {
    /// Reads a file, or the table that is part of the program.
    pub(super) fn read(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else {
            return yaml_serde::from_str(BUILT_IN).context("the built-in table of prices cannot be read");
        };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("the table of prices {} cannot be read", file.display()))?;
        yaml_serde::from_str(&text).with_context(|| format!("{} is no table of prices", file.display()))
    }

    /// The day on which the oldest price was read.
    pub(super) fn read_on(&self) -> &str {
        let all = self.all();
        let oldest = all.iter().map(|price| price.read_on.as_str()).min();
        oldest.unwrap_or_default()
    }

    fn all(&self) -> [&Price; 12] {
        [
            &self.api_request,
            &self.lambda_request,
            &self.lambda_gb_second,
            &self.sqs_request,
            &self.sqs_grouped_request,
            &self.sns_request,
            &self.sns_email,
            &self.dynamodb_write_unit,
            &self.dynamodb_read_unit,
            &self.log_gb,
            &self.alarm_metric_month,
            &self.custom_metric_month,
        ]
    }
}

impl Price {
    /// The price of `units` of which `in_one` are one unit of the table.
    pub(super) fn of(&self, units: u64, in_one: u64) -> Dollars {
        self.usd
            .times(units.into(), u128::from(self.per) * u128::from(in_one))
    }
}

impl IdlePolling {
    /// The receives of so many queues in a month, all of them empty.
    pub(super) fn receives(self, queues: u64) -> u64 {
        let seconds = self.hours_a_month.saturating_mul(3600);
        let each = seconds.saturating_mul(self.pollers) / self.seconds.max(1);
        each.saturating_mul(queues)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_has_a_page_of_aws_and_a_day() {
        for price in Prices::read(None).unwrap().all() {
            assert!(price.source.starts_with("https://aws.amazon.com/"), "{price:?}");
            let day: Vec<usize> = price.read_on.split('-').map(str::len).collect();
            assert_eq!(day, [4, 2, 2], "{price:?}");
            assert!(price.of(1_000_000, 1) > Dollars::default(), "{price:?}");
        }
    }

    #[test]
    fn a_million_units_cost_what_the_page_says() {
        let prices = Prices::read(None).unwrap();
        let million = |price: &Price| price.of(1_000_000, 1).to_string();
        assert_eq!(million(&prices.api_request), "3.50");
        assert_eq!(million(&prices.sns_email), "20.00");
        assert_eq!(million(&prices.dynamodb_read_unit), "0.13");
        // A function with 1,024 MB for 1,000 s is 1,000 GB-seconds.
        let megabyte_milliseconds = 1024 * 1000 * 1000;
        let cost = prices.lambda_gb_second.of(megabyte_milliseconds, 1024 * 1000);
        assert_eq!(cost.to_string(), "0.01");
    }

    #[test]
    fn an_idle_queue_is_polled_657000_times_a_month() {
        assert_eq!(Prices::read(None).unwrap().idle_polling.receives(1), 657_000);
    }

    #[test]
    fn a_file_that_leaves_a_price_out_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("prices.yaml");
        let without = |name: &str| {
            let lines = BUILT_IN.lines().filter(|line| !line.starts_with(name));
            lines.collect::<Vec<_>>().join("\n")
        };
        std::fs::write(&file, without("sns_email")).unwrap();
        let error = format!("{:#}", Prices::read(Some(&file)).unwrap_err());
        assert!(error.contains("sns_email"), "{error}");
        std::fs::write(&file, without("#").replace("\"3.50\"", "\"7.00\"")).unwrap();
        let dearer = Prices::read(Some(&file)).unwrap();
        assert_eq!(dearer.api_request.of(1_000_000, 1).to_string(), "7.00");
    }
}
