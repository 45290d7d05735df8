//! Curves over a horizontal axis, such as time.

use std::fmt::Write as _;

use crate::frame::{self, BOTTOM, COLOURS, LEFT, RIGHT, WIDTH};
use crate::scale::{ceiling, format_value};

const HEIGHT: f64 = 240.0;
/// The height of the legend above the curves.
const LEGEND: f64 = 22.0;

/// A curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Its name in the legend.
    pub name: String,
    /// Its points, by rising x. The curve has a gap where y is `None`.
    pub points: Vec<(f64, Option<f64>)>,
}

/// Several curves on the same axes. Values below 0 are drawn as 0.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveChart {
    /// Its title.
    pub title: String,
    /// Its description for people who do not see it.
    pub description: String,
    /// The unit of the horizontal axis, such as `s`.
    pub unit: &'static str,
    /// The curves.
    pub curves: Vec<Curve>,
}

impl CurveChart {
    /// The SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let points = self.curves.iter().flat_map(|curve| &curve.points);
        let last = points.clone().map(|(x, _)| *x).fold(0.0, f64::max);
        let last = if last > 0.0 && last.is_finite() { last } else { 1.0 };
        let top = ceiling(
            points
                .filter_map(|(_, y)| *y)
                .filter(|y| y.is_finite())
                .fold(0.0, f64::max),
        );
        let height = HEIGHT + LEGEND;
        let x = |value: f64| LEFT + value / last * (WIDTH - LEFT - RIGHT);
        // The legend moves the drawing down.
        let y = |value: f64| frame::y(HEIGHT, top, value) + LEGEND;
        let mut content = format!(
            "<g transform=\"translate(0 {LEGEND})\">\n{}</g>\n",
            frame::grid(HEIGHT, top)
        );
        for part in [0.0, 0.25, 0.5, 0.75, 1.0] {
            let text = format!("{} {}", format_value(part * last), self.unit);
            let class = match part {
                0.0 => "axis",
                1.0 => "axis end",
                _ => "axis middle",
            };
            content.push_str(&frame::label(
                x(part * last),
                height - BOTTOM + 20.0,
                class,
                &text,
            ));
        }
        for (index, curve) in self.curves.iter().enumerate() {
            let colour = index % COLOURS;
            // Writing to a String cannot fail.
            let _ = writeln!(
                content,
                "<path class=\"curve c{colour}\" d=\"{}\"/>",
                path(&curve.points, x, y)
            );
        }
        let names = self.curves.iter().map(|curve| &*curve.name);
        content.push_str(&frame::legend(LEFT, names));
        frame::image(height, &self.title, &self.description, &content)
    }
}

/// The path of a curve, which begins again after a gap. A point between two gaps is drawn as a short line.
fn path(points: &[(f64, Option<f64>)], x: impl Fn(f64) -> f64, y: impl Fn(f64) -> f64) -> String {
    let mut path = String::new();
    let mut is_drawing = false;
    for (at, value) in points {
        match value {
            Some(value) if value.is_finite() && at.is_finite() => {
                let command = if is_drawing { 'L' } else { 'M' };
                let _ = write!(path, "{command}{:.1} {:.1}", x(*at), y(*value));
                if !is_drawing {
                    path.push_str("h0.1");
                }
                is_drawing = true;
            }
            _ => is_drawing = false,
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_share_their_axes() {
        let chart = CurveChart {
            title: "Rate <of orders>".to_owned(),
            description: "Orders a second over time.".to_owned(),
            unit: "s",
            curves: vec![
                Curve {
                    name: "accepted".to_owned(),
                    points: vec![(0.0, Some(0.0)), (1.0, Some(40.0)), (2.0, Some(20.0))],
                },
                Curve {
                    name: "notified".to_owned(),
                    points: vec![(0.0, None), (1.0, Some(10.0)), (2.0, None)],
                },
            ],
        };
        insta::assert_snapshot!(chart.svg());
    }

    #[test]
    fn a_chart_without_a_finite_point_is_valid() {
        let chart = CurveChart {
            title: String::new(),
            description: String::new(),
            unit: "s",
            curves: vec![Curve {
                name: "none".to_owned(),
                points: vec![(f64::NAN, Some(1.0)), (0.0, Some(f64::INFINITY))],
            }],
        };
        let svg = chart.svg();
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
