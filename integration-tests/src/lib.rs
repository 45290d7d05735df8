//! Parts that both test programs of this package use: processes by their ids, a time limit for each test, and the form of an upload.

pub mod process;
pub mod time_limit;
pub mod upload_form;
