//! The charts of a page.

use std::collections::BTreeSet;
use std::time::Duration;

use charts::{Bar, BarChart, Curve, CurveChart, format_value};

use super::section::{Section, table};
use super::setting::Setting;
use crate::load::processes::{Sample, Usage};
use crate::load::timeline::{Stage, Timeline, by_period, histogram, percentile, period};

/// The percentiles over time.
const PERCENTS: [usize; 4] = [50, 90, 99, 100];

/// The sections with charts.
pub(super) fn sections(setting: &Setting, timeline: &Timeline) -> Vec<Section> {
    let mut sections = vec![rates(timeline)];
    for stage in Stage::ALL {
        if !timeline.arrivals(stage).is_empty() {
            sections.push(percentiles(timeline, stage));
            sections.push(latencies(setting, timeline, stage));
        }
    }
    sections.extend(processes(timeline));
    sections
}

/// A section with curves over time, and the same figures as a table.
fn over_time(title: &str, text: String, curves: Vec<Curve>) -> Section {
    let names: Vec<&str> = curves.iter().map(|curve| &*curve.name).collect();
    let chart = CurveChart {
        title: title.to_owned(),
        description: format!(
            "Curves over time: {}. The table has the figures.",
            names.join(", ")
        ),
        unit: "s",
        curves,
    };
    let mut times: Vec<f64> = Vec::new();
    for (at, _) in chart.curves.iter().flat_map(|curve| &curve.points) {
        if !times.contains(at) {
            times.push(*at);
        }
    }
    times.sort_by(f64::total_cmp);
    let rows = times.into_iter().map(|at| {
        let values = chart.curves.iter().map(|curve| {
            let point = curve.points.iter().find(|(x, _)| x.total_cmp(&at).is_eq());
            let value = point.and_then(|(_, value)| *value);
            value.map_or_else(|| "-".to_owned(), format_value)
        });
        std::iter::once(format!("{at:.1}")).chain(values).collect()
    });
    let head: Vec<&str> = std::iter::once("second")
        .chain(chart.curves.iter().map(|curve| &*curve.name))
        .collect();
    let figures = table(title, &head, rows);
    Section {
        title: title.to_owned(),
        text: vec![text],
        svg: Some(chart.svg()),
        table: Some(figures),
        is_folded: true,
    }
}

/// The begin of a period, in seconds.
fn begin(index: usize, period: Duration) -> f64 {
    u32::try_from(index).map_or(f64::INFINITY, |index| period.as_secs_f64() * f64::from(index))
}

fn rates(timeline: &Timeline) -> Section {
    let period = period(timeline.length());
    let curve = |stage: Stage| {
        let periods = by_period(timeline.arrivals(stage), period, timeline.length());
        let points = periods.iter().enumerate().map(|(index, latencies)| {
            #[expect(clippy::cast_precision_loss, reason = "a period has fewer than 2^53 orders")]
            let rate = latencies.len() as f64 / period.as_secs_f64();
            (begin(index, period), Some(rate))
        });
        Curve {
            name: stage.name().to_owned(),
            points: points.collect(),
        }
    };
    over_time(
        "Orders a second",
        format!(
            "Each point is the rate of {}. The last one may be of a shorter time.",
            describe(period)
        ),
        Stage::ALL.map(curve).into(),
    )
}

fn percentiles(timeline: &Timeline, stage: Stage) -> Section {
    let period = period(timeline.length());
    let periods = by_period(timeline.arrivals(stage), period, timeline.length());
    let curve = |percent: usize| {
        let points = periods.iter().enumerate().map(|(index, latencies)| {
            (
                begin(index, period),
                percentile(latencies, percent).map(milliseconds),
            )
        });
        Curve {
            name: if percent == 100 {
                "longest".to_owned()
            } else {
                format!("{percent}%")
            },
            points: points.collect(),
        }
    };
    over_time(
        &format!("Latency until {}, over time", stage.name()),
        format!(
            "Milliseconds, by the moment at which the order was {}. Each point is of {}.",
            stage.name(),
            describe(period)
        ),
        PERCENTS.map(curve).into(),
    )
}

/// The histogram of a stage.
fn latencies(setting: &Setting, timeline: &Timeline, stage: Stage) -> Section {
    let bars = histogram(timeline.arrivals(stage).iter().map(|arrival| arrival.latency));
    #[expect(clippy::cast_precision_loss, reason = "a load has fewer than 2^53 orders")]
    let chart = BarChart {
        title: format!("Latency until {}", stage.name()),
        description: "Bars: the orders up to each latency, above the one before. The table has the figures."
            .to_owned(),
        bars: bars
            .iter()
            .map(|(bound, count)| Bar {
                label: describe(*bound),
                value: *count as f64,
            })
            .collect(),
    };
    let omission = match (stage, setting.rate) {
        (Stage::Accepted, Some(_)) => {
            " Corrected for coordinated omission: the latency counts from the moment at which the order was due, also while the connections were busy."
        }
        (Stage::Accepted, None) => {
            " Without a rate, a connection sends its next order when the last one is answered. A stall therefore delays orders that no latency shows: \
             these are not corrected for coordinated omission. Give a rate (--rate) for that."
        }
        _ => "",
    };
    let rows = bars
        .iter()
        .map(|(bound, count)| vec![describe(*bound), count.to_string()]);
    Section {
        title: chart.title.clone(),
        text: vec![format!(
            "Orders with a latency up to each bound, and above the bound before it.{omission}"
        )],
        svg: Some(chart.svg()),
        table: Some(table(&chart.title, &["up to", "orders"], rows)),
        is_folded: true,
    }
}

/// Processor time and memory over time.
fn processes(timeline: &Timeline) -> Vec<Section> {
    let samples = &timeline.processes;
    if samples.iter().all(|sample| sample.usage.is_empty()) {
        return vec![Section {
            title: "Processor time and memory".to_owned(),
            text: vec![
                "Nothing was measured here. The processes can be seen if the system runs on this machine, under Linux, from a data directory, for longer than \
                 half a second. On AWS they cannot: the dashboard has the duration, memory and concurrency of the functions."
                    .to_owned(),
            ],
            svg: None,
            table: None,
            is_folded: false,
        }];
    }
    #[expect(clippy::cast_precision_loss, reason = "memory has fewer than 2^53 bytes")]
    let megabytes = |usage: Usage| usage.memory as f64 / f64::from(1 << 20);
    vec![
        over_time(
            "Processors in use",
            "Processors that the processes kept busy, on average between two samples. up is the local AWS, and the functions if they run as tasks inside it \
             (up --isolation task). Functions that are processes of their own have a curve each. A gap is a time without the system, such as after a kill. The load itself is not among them, although it shares the machine."
                .to_owned(),
            curves(samples, |usage| usage.processors),
        ),
        over_time(
            "Memory",
            "Resident memory in MiB. Memory that processes share, such as the program's code, counts for each.".to_owned(),
            curves(samples, megabytes),
        ),
    ]
}

/// A curve for each name of a process.
fn curves(samples: &[Sample], value: impl Fn(Usage) -> f64) -> Vec<Curve> {
    let names: BTreeSet<&String> = samples.iter().flat_map(|sample| sample.usage.keys()).collect();
    let curve = |name: &String| {
        let points = samples.iter();
        let points = points.map(|sample| {
            (
                sample.at.as_secs_f64(),
                sample.usage.get(name).copied().map(&value),
            )
        });
        Curve {
            name: name.clone(),
            points: points.collect(),
        }
    };
    names.into_iter().map(curve).collect()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// A duration as people read it: `500 ms`, `2 s`.
fn describe(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", format_value(milliseconds(duration)))
    } else {
        format!("{} s", format_value(duration.as_secs_f64()))
    }
}
