//! `fault-run`: runs a whole system under load, injects faults, kills processes, and verifies that nothing is lost or doubled.
//!
//! It starts the other commands as a person would: `up`, `load`, `dlq replay` and `verify`, each as a process, on a directory
//! of its own. The run succeeds if `load` has seen each of its orders notified, `verify` finds every promise kept, and the alarms that
//! the faults must cause rang.
//! With `--outage` it takes one service away instead; see `outage`.

mod accepted;
mod alarms;
mod arguments;
mod commands;
mod letters;
mod loads;
mod outage;
mod outcome;
mod processes;
mod progress_watch;
mod scratch;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use terminal::stdout;
use terminal::text::quote_path;

use crate::faults;
use accepted::AcceptedOrders;
pub use arguments::Arguments;
use commands::{Commands, System};
use letters::DeadLetteredOrders;
use loads::Loads;
use outcome::Outcome;
use progress_watch::ProgressWatch;
use scratch::{Scratch, TEMPLATE, VISIBILITY_TIMEOUT};

/// The default plan of faults.
const PLAN: &str = include_str!("../../../events/faults.yaml");
/// A run that waits for more kills places at most this multiple of its orders.
const MAX_ROUNDS: u64 = 3;
/// The pause between two checks of the progress.
const PAUSE: Duration = Duration::from_millis(200);
/// How long to wait for the missing faults after all orders are accepted, before more orders are placed.
const FAULT_WAIT: Duration = Duration::from_secs(10);
/// The pause between two wake-ups of delayed messages after the faults are off. It is longer than a function's timeout. The
/// services also delay the message that they are processing, and a wake-up delivers it again: too many of them would use up
/// its receives.
const WAKE_UP_PAUSE: Duration = Duration::from_secs(40);
/// The pause between two checks after the faults are off, and the longest time that the rest may take.
const LAST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PATIENCE: Duration = Duration::from_mins(10);

/// Runs `fault-run`. Fails if an order was lost, doubled, changed or not notified, or if a kind of fault did not happen, or if an alarm
/// did not ring.
pub async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    if let Some(scale) = arguments.scale() {
        return outage::run(&arguments, scale).await;
    }
    let plan = match &arguments.faults {
        None => PLAN.to_owned(),
        Some(file) => faults::read_plan(file)?,
    };
    let scratch = Scratch::create(TEMPLATE, VISIBILITY_TIMEOUT)?;
    eprintln!("state, logs and journal are in {}", quote_path(scratch.path()));
    let outcome = inject_and_settle(&arguments, &plan, &scratch).await;
    let outcome = outcome.with_context(|| format!("the run failed, see {}", scratch.path().display()))?;
    if arguments.json {
        stdout::print_document(1, &outcome.to_json())?;
    } else {
        stdout::print_line(&outcome.format())?;
    }
    if !outcome.is_right() {
        eprintln!("what was found is kept in {}", scratch.path().display());
        return Ok(ExitCode::FAILURE);
    }
    if !arguments.keep {
        scratch.remove();
    }
    Ok(ExitCode::SUCCESS)
}

async fn inject_and_settle(arguments: &Arguments, plan: &str, scratch: &Scratch) -> anyhow::Result<Outcome> {
    let commands = Commands::new(scratch, None)?;
    let mut outcome = Outcome::new(arguments.function_kills);
    let mut system = System::start(&commands).await?;
    system.faults().await?.set(plan, Some(arguments.seed)).await?;
    let count = arguments.count();
    let mut loads = Loads::default();
    loads.add(commands.load(count, &load_options(arguments))?);
    let mut accepted = AcceptedOrders::of(scratch.journal());
    let mut watch = ProgressWatch::new(Duration::from_secs(arguments.patience));

    for kill in 1..=arguments.system_kills {
        // The kills are spread over the orders, so that each hits the pipeline in another state.
        let due = count * kill / (arguments.system_kills + 1);
        while accepted.read_new()? < due {
            anyhow::ensure!(
                loads.any_running(scratch)?,
                "the load ended before its orders were accepted"
            );
            watch.check(accepted.count(), "orders are accepted")?;
            tokio::time::sleep(PAUSE).await;
        }
        outcome.add(&system.faults().await?.show().await?.injected);
        outcome.rung.extend(system.rung_alarms().await?.into_keys());
        system.kill().await?;
        outcome.system_kills += 1;
        eprintln!(
            "kill -9 of everything, {kill} of {}, after {due} orders",
            arguments.system_kills
        );
        system = System::start(&commands).await?;
        let seed = arguments.seed.wrapping_add(kill);
        system.faults().await?.set(plan, Some(seed)).await?;
    }

    let mut expected = count;
    let mut missing_faults_watch = ProgressWatch::new(FAULT_WAIT);
    loop {
        let injected = system.faults().await?.show().await?.injected;
        let kills = outcome::count_function_kills(&injected);
        if accepted.read_new()? >= expected && outcome.is_covered_with(&injected) {
            break;
        }
        loads.any_running(scratch)?;
        if accepted.count() >= expected && !missing_faults_watch.has_changed(accepted.count()) {
            // Not every fault has happened yet: place more orders.
            let more = count.div_ceil(5);
            if expected + more > count * MAX_ROUNDS {
                break;
            }
            expected += more;
            loads.add(commands.load(more, &load_options(arguments))?);
        }
        watch.check(
            accepted.count() + kills,
            "orders are accepted or functions killed",
        )?;
        tokio::time::sleep(PAUSE).await;
    }
    let injected = system.faults().await?.off().await?.injected;
    outcome.add(&injected);
    // Those of before were forgotten with the system that was killed, unless their minute had ended.
    outcome.must_ring = alarms::expected_by(&injected);
    eprintln!(
        "faults off after {} orders and {} killed functions; waiting for the rest to arrive",
        accepted.read_new()?,
        outcome.function_kills()
    );
    settle(&commands, &system, &mut loads, scratch, &mut outcome).await?;
    if system.count_dead_lettered_orders().await? > 0 {
        outcome
            .must_ring
            .insert(alarms::ORDERS_DEAD_LETTER_QUEUE.to_owned());
    }
    system.end_minute().await?;
    outcome.rung.extend(system.rung_alarms().await?.into_keys());
    outcome.accepted = accepted.read_new()?;
    outcome.expected = expected;
    outcome.verified = commands.verify(arguments.json).await?;
    system.stop().await?;
    Ok(outcome)
}

/// Waits until the loads have seen each of their orders notified and the queues are empty. Delayed messages are made visible
/// at once. Orders that the faults have dead-lettered are replayed.
async fn settle(
    commands: &Commands<'_>,
    system: &System,
    loads: &mut Loads,
    scratch: &Scratch,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + LAST_PATIENCE;
    let mut next_wake_up = Instant::now();
    while Instant::now() < deadline {
        let is_loading = loads.any_running(scratch)?;
        if Instant::now() >= next_wake_up {
            system.wake_messages().await?;
            next_wake_up = Instant::now() + WAKE_UP_PAUSE;
        }
        if system.count_messages().await? == 0 {
            let dead_lettered = DeadLetteredOrders::find(system.connection(), scratch).await?;
            outcome.replayed += dead_lettered.ids.len() as u64;
            outcome.dead_lettered_early.extend(dead_lettered.too_early);
            if !dead_lettered.ids.is_empty() {
                commands.replay(&dead_lettered.ids).await?;
            } else if !is_loading {
                return Ok(());
            }
        }
        tokio::time::sleep(LAST_PAUSE).await;
    }
    anyhow::bail!(
        "{LAST_PATIENCE:?} after the faults were off, orders are still not notified or queues not empty"
    )
}

/// The options of a load that also sends requests twice and sends poison messages.
fn load_options(arguments: &Arguments) -> Vec<String> {
    vec![
        format!("--connections={}", arguments.connections),
        format!("--seed={}", arguments.seed),
        format!("--patience={}", arguments.patience),
        "--duplicates=10%".to_owned(),
        "--poison=1%".to_owned(),
    ]
}
