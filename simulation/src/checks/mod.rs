//! The rules, each checked at the step where it can be broken.

pub(crate) mod acknowledgement;
pub(crate) mod answer;
pub(crate) mod emails;
pub(crate) mod letters;
pub(crate) mod rest;
