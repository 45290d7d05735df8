//! One machine's AWS: the operations that this system and its operators use, over AWS's own wire protocols.

pub mod clock;
pub mod dynamodb;
mod form;
pub mod gateway;
pub mod mail;
mod query;
pub mod services;
pub mod sns;
pub mod sqs;
pub mod store;
mod timestamp;
mod xml;
