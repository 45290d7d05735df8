//! The parts that all charts share: size, title, description, and the lines of the vertical axis.

use std::fmt::Write as _;

use crate::scale::format_value;
use crate::text::escape;

pub(crate) const WIDTH: f64 = 720.0;
pub(crate) const LEFT: f64 = 64.0;
pub(crate) const RIGHT: f64 = 16.0;
pub(crate) const TOP: f64 = 16.0;
pub(crate) const BOTTOM: f64 = 28.0;
/// The number of the classes that have a colour.
pub(crate) const COLOURS: usize = 6;

/// An SVG image of a height, whose content is given. Screen readers read its title and its description.
pub(crate) fn image(height: f64, title: &str, description: &str, content: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\">\n\
         <title>{}</title>\n<desc>{}</desc>\n{content}</svg>\n",
        escape(title),
        escape(description)
    )
}

/// The lines of a vertical axis from 0 to `top`, with their values, in an image of this height.
pub(crate) fn grid(height: f64, top: f64) -> String {
    let mut grid = String::new();
    for part in [0.0, 0.5, 1.0] {
        let y = y(height, top, part * top);
        // Writing to a String cannot fail.
        let _ = writeln!(
            grid,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text class=\"axis end\" x=\"{}\" y=\"{:.1}\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 8.0,
            y + 4.0,
            format_value(part * top)
        );
    }
    grid
}

/// The place of a value on the vertical axis.
pub(crate) fn y(height: f64, top: f64, value: f64) -> f64 {
    height - BOTTOM - value.clamp(0.0, top) / top * (height - TOP - BOTTOM)
}

/// A text at a place, with the class that aligns it.
pub(crate) fn label(x: f64, y: f64, class: &str, text: &str) -> String {
    format!(
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n",
        escape(text)
    )
}

/// About the width of a text.
#[expect(clippy::cast_precision_loss, reason = "a text has fewer than 2^53 characters")]
pub(crate) fn text_width(text: &str) -> f64 {
    7.0 * text.chars().count() as f64
}

/// A line of names with their colours, from a place to the right.
pub(crate) fn legend<'a>(left: f64, names: impl IntoIterator<Item = &'a str>) -> String {
    let mut legend = String::new();
    let mut begin = left;
    for (index, name) in names.into_iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(
            legend,
            "<rect class=\"key c{}\" x=\"{begin:.1}\" y=\"{:.1}\" width=\"14\" height=\"4\"/>",
            index % COLOURS,
            TOP - 4.0
        );
        legend.push_str(&label(begin + 20.0, TOP + 2.0, "legend", name));
        begin += 44.0 + text_width(name);
    }
    legend
}
