//! The arguments of `fault-run`.

use std::num::NonZeroU64;
use std::path::PathBuf;

/// The arguments of `fault-run`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Orders to place; more are placed if not every fault has happened by then
    #[arg(long, value_name = "N", default_value = "5000")]
    pub(super) count: NonZeroU64,
    /// Requests that are under way at the same time
    #[arg(long, value_name = "C", default_value_t = 16)]
    pub(super) connections: u32,
    /// The least number of processes of order-worker and notifier to kill in the middle of a batch; at least one of each
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) function_kills: u64,
    /// Times to kill everything at once (kill -9) and start it again on the same data
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) system_kills: u64,
    /// Plan of the faults to inject [default: the plan of events/faults.yaml]
    #[arg(long, value_name = "FILE")]
    pub(super) faults: Option<PathBuf>,
    /// Seed of the faults; each start of the system uses the next number
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(super) seed: u64,
    /// Seconds without progress after which the run fails
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    pub(super) patience: u64,
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Keep the directory with state, logs and journal after a successful run
    #[arg(long)]
    pub(super) keep: bool,
}
