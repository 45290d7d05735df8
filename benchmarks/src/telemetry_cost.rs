//! Measures what logging, metrics and the trace of the invocation cost the functions: the same load on systems with and without them, in turn.

use std::fs;
use std::num::NonZeroU64;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::Context as _;
use tracing::subscriber::NoSubscriber;

use crate::cpu_time;
use crate::pipeline::{Durability, System};

/// With this variable a function of this program logs and counts nothing.
pub(crate) const WITHOUT_TELEMETRY: &str = "BENCHMARKS_WITHOUT_TELEMETRY";

/// The functions, each with the most that telemetry may add to the processor time of an order, in percent.
const LIMITS: [(&str, f64); 2] = [("order-worker", 10.0), ("order-api", 5.0)];

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Orders to send to each system
    #[arg(long, value_name = "N", default_value = "10000")]
    count: NonZeroU64,
    /// Orders in progress at the same time
    #[arg(long, value_name = "C", default_value = "16")]
    connections: NonZeroU64,
    /// Systems with telemetry, and as many without
    #[arg(long, value_name = "R", default_value = "5")]
    rounds: NonZeroU64,
}

/// Takes the place of the log and of the metrics, before a function sets up its own: then it does neither.
pub(crate) fn switch_off() {
    // Each fails only if the process has one, and this is the first thing that it does.
    let _ = tracing::subscriber::set_global_default(NoSubscriber::new());
    let _ = metrics::set_global_recorder(metrics::NoopRecorder);
}

/// Whether a system has telemetry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    With,
    Without,
}

/// Prints the processor time of an order with and without. Fails if telemetry adds more than its limit.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let mut with = Vec::new();
    let mut without = Vec::new();
    for round in 0..arguments.rounds.get() {
        // The machine may become slower or faster: each side is first in turn.
        let mut sides = [Side::With, Side::Without];
        if round % 2 == 1 {
            sides.reverse();
        }
        for side in sides {
            let milliseconds = measure(arguments, side).await?;
            println!("round {}, {side:?}: {}", round + 1, describe(milliseconds));
            match side {
                Side::With => with.push(milliseconds),
                Side::Without => without.push(milliseconds),
            }
        }
    }
    let mut is_within = true;
    for (index, (function, limit)) in LIMITS.iter().enumerate() {
        let [with, without] = [&with, &without].map(|rounds| median(rounds.iter().map(|round| round[index])));
        let percent = (with / without - 1.0) * 100.0;
        println!(
            "{function}: {with:.3} ms an order with telemetry, {without:.3} ms without: {percent:+.1}% (at most {limit}%)"
        );
        is_within &= percent <= *limit;
    }
    Ok(if is_within {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn describe(milliseconds: [f64; LIMITS.len()]) -> String {
    let parts = LIMITS.iter().zip(milliseconds);
    let parts: Vec<String> = parts
        .map(|((function, _), milliseconds)| format!("{function} {milliseconds:.3} ms"))
        .collect();
    parts.join(", ")
}

/// The processor time of each function for an order, in milliseconds.
async fn measure(arguments: &Arguments, side: Side) -> anyhow::Result<[f64; LIMITS.len()]> {
    let directory = tempfile::tempdir()?;
    let functions = match side {
        Side::With => None,
        Side::Without => Some(program_without(directory.path())?),
    };
    let system =
        System::start_with_functions(directory.path(), Durability::Memory, functions.as_deref()).await?;
    let mut load = system.orderctl()?;
    load.args(["load", "--seed", "1", "--count", &arguments.count.to_string()]);
    load.args(["--connections", &arguments.connections.to_string()]);
    let status = load.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    anyhow::ensure!(status.success(), "the load failed");
    let mut milliseconds = [0.0; LIMITS.len()];
    for ((function, _), milliseconds) in LIMITS.iter().zip(&mut milliseconds) {
        let time = cpu_time::read_service(system.child.id(), function)
            .with_context(|| format!("no process of {function} is found in /proc"))?;
        #[expect(clippy::cast_precision_loss, reason = "of 2^53 orders")]
        let count = arguments.count.get() as f64;
        *milliseconds = time.as_secs_f64() * 1000.0 / count;
    }
    Ok(milliseconds)
}

/// Writes a program that starts this one without telemetry. A function gets the environment of Lambda and no other.
fn program_without(directory: &Path) -> anyhow::Result<PathBuf> {
    let path = directory.join("without-telemetry");
    let program = std::env::current_exe()?;
    let script = format!(
        "#!/bin/sh\n{WITHOUT_TELEMETRY}=1 exec '{}' \"$@\"\n",
        program.display()
    );
    fs::write(&path, script)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
    Ok(path)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        f64::midpoint(values[middle - 1], values[middle])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_value_counts() {
        assert!((median([3.0, 1.0, 9.0].into_iter()) - 3.0).abs() < 1e-9);
        assert!((median([3.0, 1.0, 9.0, 4.0].into_iter()) - 3.5).abs() < 1e-9);
    }

    #[test]
    fn the_program_without_telemetry_is_this_one() {
        let directory = tempfile::tempdir().unwrap();
        let script = fs::read_to_string(program_without(directory.path()).unwrap()).unwrap();
        assert!(script.contains(std::env::current_exe().unwrap().to_str().unwrap()));
        assert!(script.contains("BENCHMARKS_WITHOUT_TELEMETRY=1 exec "));
    }
}
