//! `GET /console/api/plots`: the last hour in figures.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::function_logs;
use crate::history::{HOUR_MS, Marker, Sample, now_ms};
use crate::live::Live;
use crate::orders::index::{Index, Row};
use crate::system::System;

/// The time of one point, in milliseconds.
const STEP_MS: u64 = 10_000;
/// The number of points.
const POINTS: usize = 360;

/// Answers `{"from", "step", "rates", "percentiles", "depths", "failures", "emails", "markers"}`. `from` is in milliseconds
/// since the epoch, and `step` in milliseconds. Each series has one value for each step, `null` where nothing is known.
///
/// - `rates`: orders a second, `accepted`, `confirmed` and `notified`, from the rows.
/// - `percentiles`: milliseconds from the acceptance, by the time of the acceptance: `confirmed_p50`, `confirmed_p99`,
///   `notified_p50`, `notified_p99`.
/// - `depths`: the messages of each queue, as the console has seen them.
/// - `failures`: records that failed, by reason, from the logs of the functions.
/// - `emails`: the most emails in a second, as the console has seen them.
/// - `markers`: each with `at` and `text`: faults that began or ended, and functions that were killed.
pub(crate) async fn show(
    State(system): State<System>,
    State(live): State<Live>,
    State(orders): State<Index>,
) -> Result<Json<Value>, Failure> {
    let rows = orders.rows(&system).await?;
    let failures = function_logs::failures(&system).await;
    let axis = Axis::ending_at(now_ms());
    let (samples, markers) = live.history();
    Ok(Json(json!({
        "from": axis.from,
        "step": STEP_MS,
        "rates": rates(axis, &rows.newest_first),
        "percentiles": percentiles(axis, &rows.newest_first),
        "depths": depths(axis, &samples),
        "failures": count_failures(axis, &failures),
        "emails": emails(axis, &samples),
        "markers": markers.iter().filter(|marker| axis.point(marker.at).is_some()).collect::<Vec<&Marker>>(),
        "extent": rows.extent,
    })))
}

/// The axis of time.
#[derive(Clone, Copy, Debug)]
struct Axis {
    from: u64,
}

impl Axis {
    fn ending_at(now: u64) -> Self {
        let end = (now / STEP_MS + 1) * STEP_MS;
        Self {
            from: end.saturating_sub(HOUR_MS),
        }
    }

    fn point(self, at: u64) -> Option<usize> {
        let point = usize::try_from(at.checked_sub(self.from)? / STEP_MS).ok()?;
        (point < POINTS).then_some(point)
    }
}

/// Milliseconds since the epoch of a time in RFC 3339.
fn parse(text: &str) -> Option<u64> {
    let at: order_core::Timestamp = text.parse().ok()?;
    u64::try_from(at.unix_milliseconds()).ok()
}

fn parse_some(text: Option<&String>) -> Option<u64> {
    parse(text?)
}

#[expect(clippy::cast_precision_loss, reason = "a count of an hour is far below 2^52")]
fn rates(axis: Axis, rows: &[Row]) -> Value {
    let rate = |time: fn(&Row) -> Option<u64>| {
        let mut counts = vec![0_u64; POINTS];
        for point in rows.iter().filter_map(|row| axis.point(time(row)?)) {
            counts[point] += 1;
        }
        let seconds = STEP_MS as f64 / 1000.0;
        counts
            .into_iter()
            .map(|count| count as f64 / seconds)
            .collect::<Vec<f64>>()
    };
    json!({
        "accepted": rate(|row| parse(&row.accepted_at)),
        "confirmed": rate(|row| parse_some(row.confirmed_at.as_ref())),
        "notified": rate(|row| parse_some(row.notified_at.as_ref())),
    })
}

fn percentiles(axis: Axis, rows: &[Row]) -> Value {
    let series = |time: fn(&Row) -> Option<u64>| {
        let mut waits = vec![Vec::new(); POINTS];
        for row in rows {
            let Some(accepted) = parse(&row.accepted_at) else {
                continue;
            };
            if let (Some(point), Some(end)) = (axis.point(accepted), time(row)) {
                waits[point].push(end.saturating_sub(accepted));
            }
        }
        for waits in &mut waits {
            waits.sort_unstable();
        }
        let at = |percent: usize| {
            waits
                .iter()
                .map(|waits| percentile(waits, percent))
                .collect::<Vec<_>>()
        };
        [at(50), at(99)]
    };
    let [confirmed_p50, confirmed_p99] = series(|row| parse_some(row.confirmed_at.as_ref()));
    let [notified_p50, notified_p99] = series(|row| parse_some(row.notified_at.as_ref()));
    json!({
        "confirmed_p50": confirmed_p50,
        "confirmed_p99": confirmed_p99,
        "notified_p50": notified_p50,
        "notified_p99": notified_p99,
    })
}

/// The smallest value that at least so many percent of the sorted values do not exceed.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// The last seen depth of each step. A step without a sample keeps the depth before it: the console reads when something
/// changes.
fn depths(axis: Axis, samples: &[Sample]) -> Value {
    let mut series: BTreeMap<&str, Vec<Option<u64>>> = BTreeMap::new();
    for sample in samples {
        let Some(point) = axis.point(sample.at.max(axis.from)) else {
            continue;
        };
        for (name, depth) in &sample.depths {
            series.entry(name).or_insert_with(|| vec![None; POINTS])[point] = Some(*depth);
        }
    }
    for values in series.values_mut() {
        let mut last = None;
        for value in values {
            last = value.or(last);
            *value = last;
        }
    }
    json!(series)
}

fn count_failures(axis: Axis, failures: &[Value]) -> Value {
    let mut series: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for failure in failures {
        let code = failure["code"].as_str().unwrap_or("unknown");
        let at = failure["at"].as_str().and_then(parse_log_time);
        if let Some(point) = at.and_then(|at| axis.point(at)) {
            series.entry(code).or_insert_with(|| vec![0; POINTS])[point] += 1;
        }
    }
    json!(series)
}

/// A log has microseconds, which a timestamp of an order does not have.
fn parse_log_time(text: &str) -> Option<u64> {
    let (seconds, fraction) = text.strip_suffix('Z')?.split_once('.')?;
    parse(&format!("{seconds}.{fraction:0<3.3}Z"))
}

/// The most emails in a second between two samples of each step.
fn emails(axis: Axis, samples: &[Sample]) -> Vec<Option<f64>> {
    let mut peaks = vec![None; POINTS];
    for pair in samples.windows(2) {
        let [before, after] = pair else { continue };
        let (Some(point), Some(first), Some(last)) = (axis.point(after.at), before.emails, after.emails)
        else {
            continue;
        };
        let seconds = u32::try_from(after.at.saturating_sub(before.at)).map_or(f64::MAX, f64::from) / 1000.0;
        let count = u32::try_from(last.saturating_sub(first)).map_or(0.0, f64::from);
        // Two samples within a second belong to the same second.
        let rate = count / seconds.max(1.0);
        let peak = peaks[point].map_or(rate, |peak: f64| peak.max(rate));
        peaks[point] = Some(peak);
    }
    peaks
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_426_500_000;

    fn at(ms: u64) -> String {
        let ms = i128::from(ms) * 1_000_000;
        order_core::Timestamp::new(time::OffsetDateTime::from_unix_timestamp_nanos(ms).unwrap()).to_string()
    }

    fn row(accepted: u64, confirmed: Option<u64>) -> Row {
        Row {
            order_id: String::new(),
            status: String::new(),
            customer_id: String::new(),
            accepted_at: at(accepted),
            confirmed_at: confirmed.map(at),
            notified_at: None,
            currency: String::new(),
            total: String::new(),
            reference: None,
        }
    }

    #[test]
    fn orders_are_counted_in_the_step_of_their_acceptance() {
        let axis = Axis::ending_at(NOW);
        let rows: Vec<Row> = (0..30)
            .map(|index| row(NOW - index, Some(NOW - index + 100 + index)))
            .collect();
        let rates = rates(axis, &rows);
        let accepted = rates["accepted"].as_array().unwrap();
        assert_eq!(accepted.len(), POINTS);
        let sum: f64 = accepted.iter().map(|rate| rate.as_f64().unwrap()).sum();
        assert!((sum - 3.0).abs() < 1e-9, "{sum}");
        let old = [row(NOW - 2 * HOUR_MS, None)];
        assert_eq!(super::rates(axis, &old)["accepted"][0], 0.0);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[7], 99), Some(7));
        let values: Vec<u64> = (1..=100).collect();
        assert_eq!(
            (percentile(&values, 50), percentile(&values, 99)),
            (Some(50), Some(99))
        );
    }

    #[test]
    fn a_quiet_step_keeps_the_depth_and_the_peak_of_emails_is_per_second() {
        let axis = Axis::ending_at(NOW);
        let sample = |at: u64, depth: u64, emails: u64| Sample {
            at,
            depths: vec![("orders".to_owned(), depth)],
            emails: Some(emails),
        };
        let samples = [
            sample(NOW - 90_000, 5, 1),
            sample(NOW - 89_000, 7, 9),
            sample(NOW - 88_900, 7, 10),
        ];
        let depths = depths(axis, &samples);
        assert_eq!(depths["orders"][POINTS - 1], 7);
        let peak = emails(axis, &samples).into_iter().flatten().fold(0.0, f64::max);
        assert!((peak - 8.0).abs() < 1e-9, "{peak}");
    }

    #[test]
    fn a_failure_of_the_log_falls_into_its_step() {
        let text = at(NOW).replace('Z', "789Z");
        let failures = [json!({ "at": text, "code": "malformed" })];
        let counted = count_failures(Axis::ending_at(NOW), &failures);
        let sum: u64 = counted["malformed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|count| count.as_u64().unwrap())
            .sum();
        assert_eq!(sum, 1);
    }
}
