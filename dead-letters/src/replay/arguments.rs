//! The arguments of `dlq replay`.

use crate::audit_log::AuditOptions;
use crate::pace::parse_rate;
use crate::repair::RepairArguments;
use crate::scan::ScanOptions;
use crate::selection::SelectionArguments;

/// Seconds for which letters stay hidden while the operator edits one of them.
const EDIT_SECONDS: i32 = 1800;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Print what a replay would do with each letter, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Send at most N messages a second
    #[arg(long, value_name = "N/s", value_parser = parse_rate)]
    pub(super) rate: Option<u32>,
    /// Do not ask on the terminal
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Print the outcome as JSON; with --dry-run one line for each letter, and then one for each queue
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) repair: RepairArguments,
    #[command(flatten)]
    pub(super) selection: SelectionArguments,
    #[command(flatten)]
    pub(super) audit: AuditOptions,
    #[command(flatten)]
    pub(super) scan: ScanOptions,
}

impl Arguments {
    /// Changes the options of the scan as `--edit` and `--rate` need them.
    pub(super) fn adapt_scan(&mut self) {
        if self.repair.edit {
            // One editor at a time, with a long visibility timeout.
            self.scan.parallel = 1;
            self.scan.visibility_seconds.get_or_insert(EDIT_SECONDS);
        }
        if let Some(rate) = self.rate {
            // Letters are hidden while they wait for their turn: hold at most those of one second.
            let batches = u16::try_from(rate / 10).unwrap_or(u16::MAX);
            self.scan.parallel = self.scan.parallel.min(batches).max(1);
        }
    }
}
