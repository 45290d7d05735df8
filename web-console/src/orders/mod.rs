//! Orders: placing one, finding one, and the timeline of one.

pub(crate) mod index;
mod place;
mod search;
mod timeline;

pub(crate) use place::place;
pub(crate) use search::search;
pub(crate) use timeline::{fetch, show, stage};
