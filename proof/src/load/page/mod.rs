//! `--report FILE.html`: the load as a page.
//!
//! The page is one file without a script, which loads nothing. Its content security policy allows its own style by its hash, and nothing else.

mod graphs;
mod section;
mod setting;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use charts::escape;
use sha2::{Digest as _, Sha256};
use terminal::text::{quote_path, sanitize_line};

use super::measurements::Measurements;
use super::reasons::Reasons;
use super::report::Report;
use super::timeline::Timeline;
use section::{Section, table};
pub(super) use setting::Setting;

/// The file of a page, which exists from the start of the load: a path that cannot be written fails at once.
#[derive(Debug)]
pub(super) struct PageFile {
    path: PathBuf,
    file: File,
}

impl PageFile {
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let file = File::create(path).with_context(|| format!("{} cannot be written", quote_path(path)))?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// Writes the page, and returns the path of its file.
    pub(super) fn write(mut self, page: &str) -> anyhow::Result<PathBuf> {
        let written: io::Result<()> = self.file.write_all(page.as_bytes());
        written.with_context(|| format!("{} cannot be written", quote_path(&self.path)))?;
        Ok(self.path)
    }
}

/// Writes the page.
pub(super) fn render(
    setting: &Setting,
    report: &Report,
    measurements: &Measurements,
    timeline: &Timeline,
    retries: &Reasons,
) -> String {
    let style = format!("{STYLE}{}", charts::STYLE);
    let hash = BASE64_STANDARD.encode(Sha256::digest(style.as_bytes()));
    let title = format!("Load {}", report.run);
    let mut sections = vec![summary(setting, report, timeline)];
    sections.extend(graphs::sections(setting, timeline));
    sections.push(failures(report, measurements, retries));
    let body: String = sections.iter().map(Section::html).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{style}</style>\n</head>\n\
         <body>\n<main>\n<h1>{title}</h1>\n{body}</main>\n</body>\n</html>\n",
        title = escape(&title)
    )
}

fn summary(setting: &Setting, report: &Report, timeline: &Timeline) -> Section {
    let (rates, latencies) = (&report.per_second, &report.latency_ms);
    let stages = [
        (
            "accepted",
            report.accepted,
            rates.accepted,
            latencies.accepted.as_ref(),
        ),
        (
            "confirmed",
            report.confirmed,
            rates.confirmed,
            latencies.confirmed.as_ref(),
        ),
        (
            "notified",
            report.notified,
            rates.notified,
            latencies.notified.as_ref(),
        ),
    ];
    let rows = stages.map(|(name, count, rate, latency)| {
        let figures =
            latency.map(|latency| [latency.p50, latency.p90, latency.p99, latency.p99_9, latency.max]);
        let figures = figures.map_or_else(
            || std::array::from_fn(|_| "-".to_owned()),
            |figures| figures.map(charts::format_value),
        );
        let rate = rate.map_or_else(|| "-".to_owned(), charts::format_value);
        [vec![name.to_owned(), count.to_string(), rate], figures.to_vec()].concat()
    });
    let head = [
        "stage", "orders", "a second", "50%, ms", "90%", "99%", "99.9%", "longest",
    ];
    let rate = setting.rate.map_or_else(
        || "as fast as they were answered".to_owned(),
        |rate| format!("at {} a second", charts::format_value(rate)),
    );
    let end = if report.interrupted {
        " It was interrupted: orders that were under way are not followed."
    } else {
        ""
    };
    let cancelled = match report.cancelled {
        0 => String::new(),
        count => format!(" Cancelled before their email, and not followed to one: {count}."),
    };
    Section {
        title: "In short".to_owned(),
        text: vec![
            format!(
                "{} orders over {} connections, {rate}, to {}. Begun at {}, seed {}.{cancelled}{end}",
                report.count,
                setting.connections,
                sanitize_line(&setting.system),
                timeline.started_at(),
                setting.seed
            ),
            "Accepted counts from sending to the answer, or from the moment at which the order was due if there is a rate. Confirmed and notified count \
             from the acceptance to the row and to the email, by the clocks of the system."
                .to_owned(),
        ],
        svg: None,
        table: Some(table("The three stages", &head, rows)),
        is_folded: false,
    }
}

/// Failures and retries, by their reasons.
fn failures(report: &Report, measurements: &Measurements, retries: &Reasons) -> Section {
    let failed = measurements.failures.ranked().into_iter();
    let failed =
        failed.map(|(reason, count)| vec![count.to_string(), "failed".to_owned(), sanitize_line(reason)]);
    let again = retries.ranked().into_iter();
    let again =
        again.map(|(reason, count)| vec![count.to_string(), "tried again".to_owned(), sanitize_line(reason)]);
    let rows: Vec<Vec<String>> = failed.chain(again).collect();
    Section {
        title: "Failures".to_owned(),
        text: vec![format!(
            "Orders that were refused: {}; without an answer: {}; accepted, and neither notified nor cancelled: {}. Keys that were answered with two ids: {}. \
             Requests that were tried again: {}.",
            report.refused,
            report.unanswered,
            report.unnotified(),
            report.split,
            report.retries
        )],
        svg: None,
        table: (!rows.is_empty()).then(|| {
            table(
                "Failures and retries by reason",
                &["times", "what", "reason"],
                rows,
            )
        }),
        is_folded: false,
    }
}

/// The style of the page, in the colours of the console.
const STYLE: &str = "
:root { color-scheme: light dark; --ground: #f6f7f6; --card: #ffffff; --edge: #d5dcda; --text: #17211f; --soft: #51605c; --accent: #0f766e; font: 100%/1.5 system-ui, -apple-system, \"Segoe UI\", Roboto, sans-serif; }
@media (prefers-color-scheme: dark) { :root { --ground: #101514; --card: #18201e; --edge: #2c3835; --text: #e6edeb; --soft: #a0b0ab; --accent: #5eead4; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); }
main { max-width: 60rem; margin: 0 auto; padding: clamp(0.75rem, 2vw, 2rem); display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); }
h1, h2, p { margin: 0; }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.125rem; }
section { background: var(--card); border: 1px solid var(--edge); border-radius: 0.75rem; padding: 1.25rem; display: grid; gap: 0.75rem; grid-template-columns: minmax(0, 1fr); }
p { color: var(--soft); }
.scroll { overflow-x: auto; }
.scroll > .chart { min-width: 36rem; }
.scroll:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
caption { text-align: left; color: var(--soft); font-size: 0.85rem; }
th, td { text-align: left; padding: 0.2rem 1rem 0.2rem 0; border-bottom: 1px solid var(--edge); white-space: nowrap; }
td:last-child { white-space: normal; }
summary { cursor: pointer; color: var(--accent); }
";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::load::processes::{Sample, Usage};
    use crate::load::report::RunFacts;
    use crate::load::timeline::Stage;

    fn page(rate: Option<f64>, cancelled: u64, has_processes: bool) -> String {
        let ms = Duration::from_millis;
        let mut measurements = Measurements::new().unwrap();
        let mut timeline = Timeline::new("2026-11-23T09:35:00.000Z".parse().unwrap());
        for number in 0..8 {
            measurements.accepted += 1;
            measurements.to_accepted.add(ms(4 + number));
            timeline.add(Stage::Accepted, ms(number * 50), ms(4 + number));
            timeline.add(Stage::Notified, ms(number * 50 + 40), ms(40));
        }
        measurements.refused = 1;
        measurements.cancelled = cancelled;
        measurements.failures.add("422 <script>alert(1)</script>\u{1b}");
        if has_processes {
            let usage = |processors, memory| Usage { processors, memory };
            for number in 1..=2_u32 {
                timeline.processes.push(Sample {
                    at: ms(u64::from(number) * 200),
                    usage: BTreeMap::from([
                        ("order-api".to_owned(), usage(0.25 * f64::from(number), 12 << 20)),
                        ("up".to_owned(), usage(1.0, 90 << 20)),
                    ]),
                });
            }
        }
        let facts = RunFacts {
            run: "r".to_owned(),
            count: 9,
            retries: 2,
            interrupted: false,
            answering: ms(400),
        };
        let setting = Setting {
            system: "this machine".to_owned(),
            connections: 4,
            rate,
            seed: 7,
        };
        let mut retries = Reasons::default();
        retries.add("429 Too many requests");
        retries.add("429 Too many requests");
        render(
            &setting,
            &Report::new(facts, &measurements),
            &measurements,
            &timeline,
            &retries,
        )
    }

    #[test]
    fn the_page_is_as_it_was() {
        insta::assert_snapshot!(page(Some(20.0), 0, true));
    }

    #[test]
    fn it_loads_nothing_and_runs_nothing() {
        let page = page(None, 0, true);
        for forbidden in [
            "<script", "href=", "src=", "style=\"", "url(", "@import", "onload",
        ] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        // The name of the namespace is the only address.
        assert_eq!(
            page.replace("http://www.w3.org/2000/svg", "")
                .matches("://")
                .count(),
            0
        );
    }

    #[test]
    fn the_policy_allows_exactly_its_style() {
        let page = page(None, 0, true);
        let (_, style) = page.split_once("<style>").unwrap();
        let (style, _) = style.split_once("</style>").unwrap();
        let hash = BASE64_STANDARD.encode(Sha256::digest(style.as_bytes()));
        assert!(page.contains(&format!("style-src 'sha256-{hash}'")));
    }

    #[test]
    fn it_counts_cancelled_orders_apart() {
        assert!(!page(None, 0, false).contains("Cancelled before"));
        let page = page(None, 3, false);
        assert!(page.contains("Cancelled before their email, and not followed to one: 3."));
        assert!(page.contains("neither notified nor cancelled: 5."));
    }

    #[test]
    fn it_says_what_was_not_measured() {
        let page = page(None, 0, false);
        assert!(page.contains("Nothing was measured here"));
        assert!(page.contains("not corrected for coordinated omission"));
    }
}
