//! One machine's AWS: the operations that this system and its operators use, over AWS's own wire protocols.

pub mod clock;
pub mod config;
pub mod data_dir;
pub(crate) mod deploy;
pub mod lambda;
pub mod mail;
pub(crate) mod rest_api;
pub mod sns;
pub mod sqs;
pub mod store;
pub mod template;
