//! The SAM template, parsed, resolved and typed: the one source of every queue, table, topic, function and mapping.
//!
//! The stages are `node` (YAML to a tree whose intrinsic functions are parsed), `parameters` and `resolve`
//! (the tree to plain JSON), `globals` (SAM's merge) and `resources` (JSON to typed resources). Whatever is not
//! supported is an error that names it and where it stands; nothing is skipped silently but what `ignored` lists.

mod error;
mod globals;
mod ignored;
mod node;
mod parameters;
mod path;
mod properties;
mod resolve;
mod resources;
mod sections;
mod stack;
mod substitution;
#[cfg(test)]
mod tests;

pub use error::TemplateError;
pub use resources::api::{Api, Route};
pub use resources::event_source_mapping::EventSourceMapping;
pub use resources::function::Function;
pub use resources::queue::Queue;
pub use resources::role::{Policy, Role};
pub use resources::subscription::Subscription;
pub use resources::table::Table;
pub use resources::topic::Topic;
pub use sections::parameter_names;
pub use stack::{Place, Stack};
