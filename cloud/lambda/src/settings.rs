//! The settings of a function.

use std::collections::BTreeMap;
use std::time::Duration;

use cloud_billing::Meter;
use cloud_cloudwatch::CloudWatch;
use cloud_faults::Faults;

use crate::credentials::Credentials;
use crate::launcher::Launcher;
use crate::lifetime::ProcessLifetime;
use crate::logs::LogSink;
use crate::task::AwsService;

/// The settings of a function.
#[derive(Clone, Debug)]
pub struct FunctionSettings {
    /// The physical name.
    pub name: String,
    /// The ARN.
    pub arn: String,
    /// The name of the program. The launcher finds it.
    pub binary: String,
    /// The name of the handler.
    pub handler: String,
    /// The memory size in MB, in an environment variable. It is not enforced.
    pub memory_megabytes: u32,
    /// The maximum duration of an invocation.
    pub timeout: Duration,
    /// The function's own environment variables.
    pub environment: BTreeMap<String, String>,
    /// The maximum number of concurrent invocations. More are throttled, as on AWS.
    pub concurrency: usize,
    /// The maximum number of processes. The invocations beyond it wait for one, as long as their callers wait.
    pub processes: usize,
    /// How long its processes live.
    pub lifetime: ProcessLifetime,
    /// The region, for example `us-east-1`.
    pub region: String,
    /// The endpoint of the function's AWS calls.
    pub aws_endpoint_url: String,
    /// Answers these calls if the function is a task.
    pub aws: AwsService,
    /// The credentials that sign these calls.
    pub credentials: Credentials,
    /// Finds the program.
    pub launcher: Launcher,
    /// The destination of the function's output.
    pub log: LogSink,
    /// Where its metrics go.
    pub cloud_watch: CloudWatch,
    /// Where its billed units are counted.
    pub meter: Meter,
    /// The faults that kill its processes on purpose.
    pub faults: Faults,
}
