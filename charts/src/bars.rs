//! Bars beside each other, such as a histogram.

use std::fmt::Write as _;

use crate::frame::{self, BOTTOM, LEFT, RIGHT, TOP, WIDTH};
use crate::scale::{ceiling, format_value};

const HEIGHT: f64 = 240.0;
/// The share of its place that a bar fills.
const FILLED: f64 = 0.8;
/// The greatest width of a bar, so that a single one does not look like a wall.
const MAX_BAR: f64 = 96.0;

/// A bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// The text below it.
    pub label: String,
    /// Its height, in the unit of the chart. Not below 0.
    pub value: f64,
}

/// Bars on one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct BarChart {
    /// Its title.
    pub title: String,
    /// Its description for people who do not see it.
    pub description: String,
    /// The bars.
    pub bars: Vec<Bar>,
}

impl BarChart {
    /// The SVG. Each bar has its label below and its value above it, or every second or third one when they would touch.
    #[must_use]
    pub fn svg(&self) -> String {
        let values = self.bars.iter().map(|bar| bar.value);
        let top = ceiling(values.filter(|value| value.is_finite()).fold(0.0, f64::max));
        #[expect(clippy::cast_precision_loss, reason = "a chart has few bars")]
        let step = (WIDTH - LEFT - RIGHT) / self.bars.len().max(1) as f64;
        let labels = self.bars.iter().map(|bar| frame::text_width(&bar.label));
        let values = self
            .bars
            .iter()
            .map(|bar| frame::text_width(&format_value(bar.value)));
        let every = apart(labels.chain(values).fold(0.0, f64::max), step);
        let width = (step * FILLED).min(MAX_BAR);
        let mut content = frame::grid(HEIGHT, top);
        let mut begin = LEFT;
        for (index, bar) in self.bars.iter().enumerate() {
            let value = if bar.value.is_finite() { bar.value } else { 0.0 };
            let y = frame::y(HEIGHT, top, value);
            let middle = begin + step / 2.0;
            // Writing to a String cannot fail.
            let _ = writeln!(
                content,
                "<rect class=\"bar c0\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                middle - width / 2.0,
                width,
                HEIGHT - BOTTOM - y
            );
            begin += step;
            if !index.is_multiple_of(every) {
                continue;
            }
            if value > 0.0 {
                content.push_str(&frame::label(
                    middle,
                    (y - 4.0).max(TOP - 4.0),
                    "value middle",
                    &format_value(value),
                ));
            }
            content.push_str(&frame::label(
                middle,
                HEIGHT - BOTTOM + 20.0,
                "axis middle",
                &bar.label,
            ));
        }
        frame::image(HEIGHT, &self.title, &self.description, &content)
    }
}

/// Every how many bars there is room for texts of this width.
fn apart(width: f64, step: f64) -> usize {
    let (mut every, mut room) = (1, step);
    while room < width && every < 10 {
        every += 1;
        room += step;
    }
    every
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_would_touch_are_left_out() {
        assert_eq!(
            [(40.0, 40.0), (41.0, 40.0), (100.0, 40.0), (1.0, 0.0)].map(|(width, step)| apart(width, step)),
            [1, 2, 3, 10]
        );
        let bar = |number| Bar {
            label: format!("{number} seconds"),
            value: 1.0,
        };
        let chart = BarChart {
            title: String::new(),
            description: String::new(),
            bars: (0..30).map(bar).collect(),
        };
        let svg = chart.svg();
        assert_eq!(svg.matches("<rect ").count(), 30);
        assert_eq!(svg.matches(" seconds</text>").count(), 8, "{svg}");
    }

    #[test]
    fn bars_have_their_values() {
        let bar = |label: &str, value| Bar {
            label: label.to_owned(),
            value,
        };
        let chart = BarChart {
            title: "Latency & co".to_owned(),
            description: "Orders by latency.".to_owned(),
            bars: vec![
                bar("to 1 ms", 3.0),
                bar("to 2 ms", 1250.0),
                bar("to 5 ms", 0.0),
                bar("?", f64::NAN),
            ],
        };
        insta::assert_snapshot!(chart.svg());
    }
}
