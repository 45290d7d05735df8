//! The arguments of `fault-run`.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use super::outage::scale::{Scale, parse_duration};
use crate::outages::OutageTarget;

/// The number of orders without `--count`: of a run, and of each outage.
const COUNT: u64 = 5000;
const OUTAGE_COUNT: u64 = 1800;

/// The arguments of `fault-run`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Orders to place; more are placed if not every fault has happened by then [default: 5000; of each outage 1800]
    #[arg(long, value_name = "N")]
    count: Option<NonZeroU64>,
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
    /// Instead of the faults: take a service away for so long, such as 30m, and check that nothing is lost and that the
    /// backlog drains at full rate when it returns
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    outage: Option<Duration>,
    /// The service that is away; may be repeated [default: each in turn]
    #[arg(long, value_enum, requires = "outage")]
    pub(super) away: Vec<OutageTarget>,
    /// How much faster the clock of the queues runs in an outage
    #[arg(long, value_name = "K", default_value_t = 6, requires = "outage", value_parser = clap::value_parser!(u32).range(1..=100))]
    speed: u32,
    /// Do not judge how fast the backlog of an outage drains, because other load slows this machine
    #[arg(long, requires = "outage")]
    pub(super) no_rates: bool,
    /// Play each outage also with the functions of another orderctl, to compare
    #[arg(long, value_name = "PROGRAM", requires_all = ["outage", "baseline_template"])]
    pub(super) baseline: Option<PathBuf>,
    /// The template of the baseline
    #[arg(long, value_name = "FILE", requires = "baseline")]
    pub(super) baseline_template: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Keep the directory with state, logs and journal after a successful run
    #[arg(long)]
    pub(super) keep: bool,
}

impl Arguments {
    /// The number of orders of a run with faults.
    pub(super) fn count(&self) -> u64 {
        self.count.map_or(COUNT, NonZeroU64::get)
    }

    /// The outage, if there is one.
    pub(super) fn scale(&self) -> Option<Scale> {
        Some(Scale {
            outage: self.outage?,
            speed: self.speed,
            orders: self.count.map_or(OUTAGE_COUNT, NonZeroU64::get),
        })
    }
}
