//! Horizontal bars with long labels, such as programs that are compared.

use std::fmt::Write as _;

use crate::frame::{self, COLOURS, RIGHT, TOP, WIDTH};
use crate::scale::format_value;

/// The height of a bar, and of the space between two rows.
const BAR: f64 = 14.0;
const SPACE: f64 = 12.0;
/// The height of the legend.
const LEGEND: f64 = 26.0;
/// The room for a value behind its bar.
const VALUE: f64 = 56.0;

/// A row: a label, and a bar for each value.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The text before the bars.
    pub label: String,
    /// The lengths of the bars, in the unit of the chart. Not below 0.
    pub values: Vec<f64>,
}

/// Rows of horizontal bars on one scale, which begins at 0.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChart {
    /// Its title.
    pub title: String,
    /// Its description for people who do not see it.
    pub description: String,
    /// The names of the values of each row, for the legend.
    pub series: Vec<String>,
    /// The rows, from the top.
    pub rows: Vec<Row>,
}

impl RowChart {
    /// The SVG. Each bar has its value behind it.
    #[must_use]
    pub fn svg(&self) -> String {
        let values = self.rows.iter().flat_map(|row| &row.values).copied();
        let longest = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        let labels = self.rows.iter().map(|row| frame::text_width(&row.label));
        let left = labels.fold(0.0, f64::max).min(WIDTH / 2.0) + 12.0;
        let scale = if longest > 0.0 {
            (WIDTH - left - VALUE - RIGHT) / longest
        } else {
            0.0
        };
        let mut content = frame::legend(left, self.series.iter().map(String::as_str));
        let mut y = TOP + LEGEND;
        for row in &self.rows {
            let begin = y;
            for (index, value) in row.values.iter().enumerate() {
                let value = if value.is_finite() { value.max(0.0) } else { 0.0 };
                let end = left + value * scale;
                // Writing to a String cannot fail.
                let _ = writeln!(
                    content,
                    "<rect class=\"bar c{}\" x=\"{left:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                    index % COLOURS,
                    value * scale,
                    BAR - 2.0
                );
                content.push_str(&frame::label(end + 6.0, y + 10.0, "value", &format_value(value)));
                y += BAR;
            }
            content.push_str(&frame::label(
                left - 8.0,
                f64::midpoint(begin, y) + 3.0,
                "end",
                &row.label,
            ));
            y += SPACE;
        }
        frame::image(y, &self.title, &self.description, &content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_have_a_bar_for_each_value() {
        let row = |label: &str, values: [f64; 2]| Row {
            label: label.to_owned(),
            values: values.to_vec(),
        };
        let chart = RowChart {
            title: "Time & co".to_owned(),
            description: "Programs by time.".to_owned(),
            series: vec!["batches of 10".to_owned(), "of <100>".to_owned()],
            rows: vec![row("order-worker", [0.1, 0.05]), row("another", [2.0, f64::NAN])],
        };
        insta::assert_snapshot!(chart.svg());
    }

    #[test]
    fn a_chart_without_rows_is_valid() {
        let chart = RowChart {
            title: String::new(),
            description: String::new(),
            series: Vec::new(),
            rows: Vec::new(),
        };
        let svg = chart.svg();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
