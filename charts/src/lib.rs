//! Charts as SVG, for reports that people look at in a browser, and for the documents.
//!
//! An SVG has classes and no colours: [`STYLE`] has them, for light and dark. A page puts it into its own style element, so that a content
//! security policy needs the hash of one text. [`standalone`] puts it into the SVG, for a file.
//!
//! Each chart has a title and a description for screen readers. The figures belong into a table beside it.
//!
//! **Invariant:** every text is escaped, and every number is finite: nothing that a caller gives can end an element.

mod bars;
mod curves;
mod frame;
mod rows;
mod scale;
mod style;
mod text;

pub use bars::{Bar, BarChart};
pub use curves::{Curve, CurveChart};
pub use rows::{Row, RowChart};
pub use scale::format_value;
pub use style::{STYLE, standalone};
pub use text::escape;
