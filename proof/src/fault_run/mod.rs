//! `fault-run`: the whole system under load, faults and kills, and then the question whether anything was lost or doubled.
//!
//! It drives the other commands as a person would: `up`, `faults`, `load` and `verify`, each a process of its own, on a
//! directory of its own. What it concludes is `verify`'s word, from the journal of what `load` was promised, and `load`'s
//! own: each of its orders was told of.

mod accepted;
mod commands;
mod letters;
mod loads;
mod outcome;
mod processes;
mod scratch;

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use terminal::stdout;

use crate::faults;
use accepted::Accepted;
use commands::{Commands, System};
use letters::Buried;
use loads::Loads;
use outcome::Outcome;
use scratch::Scratch;

/// The plan of a bad day, which the repository shows as a sample.
const PLAN: &str = include_str!("../../../events/faults.yaml");
/// A run that waits for enough kills places at most so many times its orders.
const MAX_ROUNDS: u64 = 3;
/// The pause between two looks at how far things are.
const PAUSE: Duration = Duration::from_millis(200);
/// How long everything may be accepted without all having gone wrong that should, until more orders are placed.
const LULL: Duration = Duration::from_secs(10);
/// The pause between two wakings of what is put off once the faults are off. It is longer than a function may take, since
/// the services put off what they work on, too, in case they die of it: it is not to lose all its tries by being woken.
const WAKING: Duration = Duration::from_secs(40);
/// The pause between two looks at what is left then, and how long that may take in all.
const LAST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PATIENCE: Duration = Duration::from_mins(10);

/// How much to send and how much to kill.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Orders to place; more, if not everything has gone wrong by then that should
    #[arg(long, value_name = "N", default_value = "5000")]
    count: NonZeroU64,
    /// Requests that are under way at the same time
    #[arg(long, value_name = "C", default_value_t = 16)]
    connections: u32,
    /// Processes of order-worker and notifier to kill in the middle of a batch, at least, and one of each
    #[arg(long, value_name = "N", default_value_t = 20)]
    function_kills: u64,
    /// Times to kill everything at once (kill -9) and start it again on the same data
    #[arg(long, value_name = "N", default_value_t = 5)]
    system_kills: u64,
    /// What else goes wrong [default: the plan of events/faults.yaml]
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Decides what goes wrong; each start of the system goes on with the next number
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Seconds in which something must move: the run fails when nothing does
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    patience: u64,
    /// Keep the directory with state, logs and journal although all is right
    #[arg(long)]
    keep: bool,
}

/// Runs it. Fails if anything was lost, doubled, changed or not told of, or if a kind of fault did not happen.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let plan = match &arguments.faults {
        None => PLAN.to_owned(),
        Some(file) => faults::read(file)?,
    };
    let scratch = Scratch::create()?;
    eprintln!("state, logs and journal are in {}", scratch.path().display());
    let outcome = rehearse(&arguments, &plan, &scratch).await;
    let outcome = outcome.with_context(|| format!("the run failed, see {}", scratch.path().display()))?;
    stdout::print_line(&outcome.describe())?;
    if !outcome.is_right() {
        eprintln!("what was found is kept in {}", scratch.path().display());
        return Ok(ExitCode::FAILURE);
    }
    if !arguments.keep {
        scratch.remove();
    }
    Ok(ExitCode::SUCCESS)
}

async fn rehearse(arguments: &Arguments, plan: &str, scratch: &Scratch) -> anyhow::Result<Outcome> {
    let commands = Commands::new(scratch)?;
    let mut outcome = Outcome::new(arguments.function_kills);
    let mut system = System::start(&commands).await?;
    system.faults()?.set(plan, Some(arguments.seed)).await?;
    let count = arguments.count.get();
    let mut loads = Loads::default();
    loads.add(commands.load(count, arguments)?);
    let mut accepted = Accepted::of(scratch.journal());
    let mut watch = Watch::new(Duration::from_secs(arguments.patience));

    for kill in 1..=arguments.system_kills {
        // Spread over the orders, so that each dies at another point of the line.
        let due = count * kill / (arguments.system_kills + 1);
        while accepted.read()? < due {
            anyhow::ensure!(
                loads.go_on(scratch)?,
                "the load ended before its orders were accepted"
            );
            watch.look(accepted.seen(), "orders are accepted")?;
            tokio::time::sleep(PAUSE).await;
        }
        outcome.add(&system.faults()?.show().await?.injected);
        system.kill().await?;
        outcome.system_kills += 1;
        eprintln!(
            "kill -9 of everything, {kill} of {}, after {due} orders",
            arguments.system_kills
        );
        system = System::start(&commands).await?;
        let seed = arguments.seed.wrapping_add(kill);
        system.faults()?.set(plan, Some(seed)).await?;
    }

    let mut expected = count;
    let mut lull = Watch::new(LULL);
    loop {
        let injected = system.faults()?.show().await?.injected;
        let kills = outcome::function_kills(&injected);
        if accepted.read()? >= expected && outcome.happened_with(&injected) {
            break;
        }
        loads.go_on(scratch)?;
        if accepted.seen() >= expected && !lull.has_moved(accepted.seen()) {
            // Not everything has gone wrong yet that should: there must be more.
            let more = count.div_ceil(5);
            if expected + more > count * MAX_ROUNDS {
                break;
            }
            expected += more;
            loads.add(commands.load(more, arguments)?);
        }
        watch.look(accepted.seen() + kills, "orders are accepted or functions killed")?;
        tokio::time::sleep(PAUSE).await;
    }
    outcome.add(&system.faults()?.off().await?.injected);
    eprintln!(
        "faults off after {} orders and {} killed functions; waiting for the rest to arrive",
        accepted.read()?,
        outcome.function_kills()
    );
    settle(&commands, &system, &mut loads, scratch, &mut outcome).await?;
    outcome.accepted = accepted.read()?;
    outcome.expected = expected;
    outcome.verified = commands.verify().await?;
    system.stop().await?;
    Ok(outcome)
}

/// Waits until the loads have seen each of their orders told of and the queues are empty. What waits for its next try
/// gets it now, and an order whose tries were used up by the faults is put back on its queue.
async fn settle(
    commands: &Commands<'_>,
    system: &System,
    loads: &mut Loads,
    scratch: &Scratch,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + LAST_PATIENCE;
    let mut waking = Instant::now();
    while Instant::now() < deadline {
        let goes_on = loads.go_on(scratch)?;
        if Instant::now() >= waking {
            system.wake().await?;
            waking = Instant::now() + WAKING;
        }
        if system.held().await? == 0 {
            let buried = Buried::find(system.connection(), scratch).await?;
            outcome.replayed += buried.ids.len() as u64;
            outcome.buried_too_early.extend(buried.too_early);
            if !buried.ids.is_empty() {
                commands.replay(&buried.ids).await?;
            } else if !goes_on {
                return Ok(());
            }
        }
        tokio::time::sleep(LAST_PAUSE).await;
    }
    anyhow::bail!(
        "{LAST_PATIENCE:?} after the faults were off, orders are still not told of or queues not empty"
    )
}

/// Fails when a number has not moved for too long.
struct Watch {
    patience: Duration,
    last: (u64, Instant),
}

impl Watch {
    fn new(patience: Duration) -> Self {
        Self {
            patience,
            last: (0, Instant::now()),
        }
    }

    fn look(&mut self, number: u64, what: &str) -> anyhow::Result<()> {
        anyhow::ensure!(self.has_moved(number), "for {:?} no more {what}", self.patience);
        Ok(())
    }

    /// Whether it has moved within the patience.
    fn has_moved(&mut self, number: u64) -> bool {
        if number != self.last.0 {
            self.last = (number, Instant::now());
        }
        self.last.1.elapsed() < self.patience
    }
}
