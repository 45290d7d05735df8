//! The actions, one module for each family. A module has the request types, the work in a transaction and the
//! answers.

pub(super) mod attributes;
pub(super) mod batch;
pub(super) mod delete;
pub(crate) mod depths;
pub(super) mod move_task;
mod one_queue;
pub(super) mod queues;
pub(super) mod receive;
pub(super) mod send;
pub(super) mod tags;
pub(super) mod visibility;
pub(super) mod wake;
