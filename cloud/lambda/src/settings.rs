//! What a function is made of.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud_faults::Faults;

use crate::credentials::Credentials;
use crate::launcher::Launcher;
use crate::logs::LogSink;

/// What a function is made of.
#[derive(Clone, Debug)]
pub struct FunctionSettings {
    /// Its physical name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The program that the launcher finds.
    pub binary: String,
    /// Its handler's name.
    pub handler: String,
    /// What it is told of its memory, in MB.
    pub memory_megabytes: u32,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Its own environment variables.
    pub environment: BTreeMap<String, String>,
    /// Most processes at once.
    pub concurrency: usize,
    /// Such as `us-east-1`.
    pub region: String,
    /// Where its AWS calls go.
    pub aws_endpoint_url: String,
    /// What it signs them with.
    pub credentials: Credentials,
    /// How its program is started.
    pub launcher: Launcher,
    /// Where its output goes.
    pub log: LogSink,
    /// When its processes are killed on purpose.
    pub faults: Faults,
}
