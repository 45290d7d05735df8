//! The system under test: start it or find it, call it, and stop it in every way.
//!
//! The same tests drive two kinds of systems: a system of the test's own on this machine, and a deployed stack that all
//! tests share. The environment selects one of them ([`target`]). `integration-tests/skipped.toml` declares the tests
//! that a shared stack cannot serve, with the reason. A test that is missing there fails on both, with a message that says
//! so ([`declared`]).

mod api;
mod aws;
mod command;
mod declared;
mod handle;
mod http;
mod mail;
mod report;
mod samples;
mod sandbox;
mod target;
mod trail;
mod turn;
mod wait;

pub(crate) use api::Answer;
pub(crate) use command::orderctl;
pub(crate) use handle::System;
pub(crate) use samples::{sample, sample_of_new_customer, sample_path};
pub(crate) use sandbox::Sandbox;
pub(crate) use wait::{SETTLE_TIMEOUT, eventually, eventually_within, start_time_limit};
