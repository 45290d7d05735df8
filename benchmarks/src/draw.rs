//! `benchmarks draw`: the pictures of the documents.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use charts::{Row, RowChart, standalone};
use serde::Deserialize;

/// The arguments of `draw`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Take a chart of the page that `load --report` wrote, instead of rows from standard input
    #[arg(long, value_name = "FILE.html")]
    page: Option<PathBuf>,
    /// The number of the chart in the page
    #[arg(long, value_name = "N", default_value = "1", requires = "page")]
    chart: std::num::NonZeroUsize,
}

/// Rows of bars, as JSON: `{"title": "...", "description": "...", "series": ["first", "second"], "rows": [["label", [1.5, 2]]]}`.
#[derive(Debug, Deserialize)]
struct Picture {
    title: String,
    description: String,
    series: Vec<String>,
    rows: Vec<(String, Vec<f64>)>,
}

/// Writes an SVG file to standard output.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let svg = if let Some(path) = &arguments.page {
        let page =
            std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let number = arguments.chart.get();
        chart(&page, number)
            .with_context(|| format!("{} has no chart {number}", path.display()))?
            .to_owned()
    } else {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        draw(&text)?
    };
    print!("{}", standalone(&svg));
    Ok(ExitCode::SUCCESS)
}

/// The SVG of a chart of a page; the first one has number 1.
fn chart(page: &str, number: usize) -> Option<&str> {
    const END: &str = "</svg>\n";
    let (begin, _) = page.match_indices("<svg ").nth(number - 1)?;
    let rest = page.get(begin..)?;
    rest.get(..rest.find(END)? + END.len())
}

fn draw(text: &str) -> anyhow::Result<String> {
    let picture: Picture = serde_json::from_str(text).context("standard input has no rows")?;
    let row = |(label, values)| Row { label, values };
    Ok(RowChart {
        title: picture.title,
        description: picture.description,
        series: picture.series,
        rows: picture.rows.into_iter().map(row).collect(),
    }
    .svg())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_of_a_page_is_found() {
        let page = "<p><svg a>\n1</svg>\n</p><svg b>\n2</svg>\n";
        assert_eq!(chart(page, 1), Some("<svg a>\n1</svg>\n"));
        assert_eq!(chart(page, 2), Some("<svg b>\n2</svg>\n"));
        assert_eq!(chart(page, 3), None);
    }

    #[test]
    fn rows_are_drawn() {
        let svg =
            draw(r#"{"title": "Time", "description": "d", "series": ["b"], "rows": [["a", [2]]]}"#).unwrap();
        assert!(
            svg.contains("<title>Time</title>") && svg.contains(">a</text>"),
            "{svg}"
        );
        assert!(draw("{}").is_err());
    }
}
