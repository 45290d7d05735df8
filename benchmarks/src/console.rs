//! The cost of an open console on an idle system.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use crate::cpu_time;
use crate::pipeline::{Durability, System};

/// The growth that is allowed, in percent.
const MAX_GROWTH: f64 = 5.0;
/// The time in which a system comes to rest that was just started, or whose console was just opened.
const SETTLE: Duration = Duration::from_secs(10);
/// How often the times of the threads are read. An idle thread of Tokio lives longer.
const SAMPLE: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seconds of each of the four measurements
    #[arg(long, default_value_t = 120)]
    seconds: u64,
}

/// The processor time and the memory of an idle system.
#[derive(Clone, Copy, Debug)]
struct Usage {
    /// Processor time of all its processes.
    time: Duration,
    /// Resident memory of the process that serves the console, in bytes, at the end.
    memory: u64,
}

/// Measures a system of its own: alone, with a console, alone, with a console.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let directory = tempfile::tempdir()?;
    let system = System::start(directory.path(), Durability::Normal).await?;
    tokio::time::sleep(SETTLE).await;
    let period = Duration::from_secs(arguments.seconds);
    let (mut alone, mut watched) = (Vec::new(), Vec::new());
    for _ in 0..2 {
        alone.push(measure(&system, period).await?);
        let url = format!("{}/console/api/live", system.endpoints.api_url);
        let client = reqwest::Client::builder().no_proxy().build()?;
        let events = client.get(url).send().await?.error_for_status()?;
        // The page loads its status at once, and each later one when something happens.
        let reading = tokio::spawn(read_to_end(events));
        tokio::time::sleep(SETTLE).await;
        watched.push(measure(&system, period).await?);
        reading.abort();
    }
    let seconds = |usages: &[Usage]| usages.iter().map(|usage| usage.time.as_secs_f64()).sum::<f64>();
    let memory = |usages: &[Usage]| usages.iter().map(|usage| usage.memory).max().unwrap_or(0);
    println!("idle for {} s, twice each", arguments.seconds);
    println!("                           ALONE  WITH A CONSOLE");
    println!(
        "processor time       {:>8.1} ms {:>8.1} ms",
        seconds(&alone) * 1000.0,
        seconds(&watched) * 1000.0
    );
    println!(
        "memory              {:>9} KiB {:>7} KiB",
        memory(&alone) / 1024,
        memory(&watched) / 1024
    );
    #[expect(clippy::cast_precision_loss, reason = "a process has less than 2^53 bytes")]
    let growths = [
        ("processor time", growth(seconds(&alone), seconds(&watched))),
        ("memory", growth(memory(&alone) as f64, memory(&watched) as f64)),
    ];
    let mut is_right = true;
    for (what, percent) in growths {
        println!("{what} grows by {percent:.1}%, and may by {MAX_GROWTH}%");
        is_right &= percent <= MAX_GROWTH;
    }
    Ok(if is_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn growth(before: f64, after: f64) -> f64 {
    (after / before - 1.0) * 100.0
}

async fn read_to_end(mut events: reqwest::Response) {
    while let Ok(Some(_)) = events.chunk().await {}
}

async fn measure(system: &System, period: Duration) -> anyhow::Result<Usage> {
    let id = system.child.id();
    let mut threads = cpu_time::Threads::begin(id).context("there is no /proc")?;
    let end = Instant::now() + period;
    while Instant::now() < end {
        tokio::time::sleep_until(end.min(Instant::now() + SAMPLE)).await;
        threads.sample().context("the system has ended")?;
    }
    Ok(Usage {
        time: threads.total(),
        memory: read_memory(id)?,
    })
}

/// The resident memory of a process, in bytes. Source: proc(5), `VmRSS`.
fn read_memory(id: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    Ok(kibibytes.context("the memory is not known")? * 1024)
}
