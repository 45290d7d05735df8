//! Resolving intrinsic functions: `resolver` holds what is referred to and turns the tree into plain JSON, `references` and
//! `conditions` add their functions to it.

mod conditions;
mod references;
mod resolver;

pub(crate) use resolver::Resolver;
