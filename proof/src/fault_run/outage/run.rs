//! The outage of one service, on a system of its own.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use tokio::time::Instant;

use super::super::accepted::AcceptedOrders;
use super::super::alarms;
use super::super::arguments::Arguments;
use super::super::commands::{Commands, System};
use super::super::loads::Loads;
use super::super::progress_watch::ProgressWatch;
use super::super::scratch::Scratch;
use super::control::{Control, set_delay};
use super::drain::DrainCurve;
use super::report::{Build, Outcome};
use super::scale::Scale;
use crate::outages::OutageTarget;

/// The pause between two readings of the depths.
const PAUSE: Duration = Duration::from_millis(200);
/// The delay of the messages that wait for the measurement of the full rate, in seconds. They are woken long before.
const GATE_SECONDS: u32 = 900;

/// A run of one outage.
#[derive(Debug)]
pub(super) struct OutageRun<'a> {
    pub(super) arguments: &'a Arguments,
    pub(super) scale: Scale,
    pub(super) target: OutageTarget,
    pub(super) build: Build,
    pub(super) scratch: &'a Scratch,
}

impl OutageRun<'_> {
    /// Plays the outage with the functions of `program`, or with those of this one.
    pub(super) async fn play(&self, program: Option<PathBuf>) -> anyhow::Result<Outcome> {
        let commands = Commands::new(self.scratch, program)?;
        let system = System::start(&commands).await?;
        let control = Control::connect(system.connection()).await?;
        let mut accepted = AcceptedOrders::of(self.scratch.journal());
        let full_rate = self
            .measure_full_rate(&commands, &system, &control, &mut accepted)
            .await?;
        let played = async {
            tokio::select! {
                outcome = self.play_outage(&commands, &system, &control, &mut accepted, full_rate) => outcome,
                stopped = control.run_clock(self.scale.speed) => {
                    stopped.and_then(|()| anyhow::bail!("the clock of the queues stopped"))
                }
            }
        };
        let mut outcome = played.await?;
        // The baseline may have other queues than `verify` reads.
        if self.build == Build::This {
            outcome.verified = Some(commands.verify(self.arguments.json).await?);
        }
        system.stop().await?;
        Ok(outcome)
    }

    /// Measures the rate at which a backlog of fresh messages drains while nothing is away.
    async fn measure_full_rate(
        &self,
        commands: &Commands<'_>,
        system: &System,
        control: &Control,
        accepted: &mut AcceptedOrders,
    ) -> anyhow::Result<f64> {
        let count = (self.scale.orders / 4).clamp(100, 2000);
        set_delay(system.connection(), self.target, GATE_SECONDS).await?;
        let mut loads = Loads::default();
        loads.add(commands.load(count, &self.load_options(None))?);
        let mut watch = self.watch();
        while control.depths(self.target).await?.backlog < count || accepted.read_new()? < count {
            anyhow::ensure!(
                loads.any_running(self.scratch)?,
                "the load ended before its orders waited"
            );
            watch.check(accepted.count(), "orders are accepted")?;
            tokio::time::sleep(PAUSE).await;
        }
        set_delay(system.connection(), self.target, 0).await?;
        control.wake(self.target.queue()).await?;
        let curve = self.drain(control, &mut loads).await?;
        anyhow::ensure!(
            !loads.any_running(self.scratch)?,
            "orders of the measurement are not notified"
        );
        let rate = curve
            .rate()
            .context("the backlog of the measurement did not drain")?;
        eprintln!("full rate: {rate:.1} messages a second of this machine, over {count} orders");
        Ok(rate)
    }

    /// Follows the depth of the backlog until the loads have seen all orders notified and the queues are empty, or until
    /// nothing changes any more.
    async fn drain(&self, control: &Control, loads: &mut Loads) -> anyhow::Result<DrainCurve> {
        let mut curve = DrainCurve::default();
        let started = Instant::now();
        let mut watch = self.watch();
        loop {
            let depths = control.depths(self.target).await?;
            curve.add(started.elapsed(), depths.backlog);
            if !loads.any_running(self.scratch)? && depths.all == 0 {
                return Ok(curve);
            }
            if !watch.has_changed(depths.all) {
                return Ok(curve);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn play_outage(
        &self,
        commands: &Commands<'_>,
        system: &System,
        control: &Control,
        accepted: &mut AcceptedOrders,
        full_rate: f64,
    ) -> anyhow::Result<Outcome> {
        let (scale, target) = (self.scale, self.target);
        let expected = accepted.read_new()? + scale.orders;
        control.set_max_in_flight(scale.max_in_flight()).await?;
        let rung_before = system.rung_alarms().await?;
        let held_before = control.held_batches(target).await?;
        let faults = system.faults().await?;
        faults.begin_outages(&[target]).await?;
        control.reset_calls().await?;
        let began = Instant::now();
        let mut loads = Loads::default();
        loads.add(commands.load(scale.orders, &self.load_options(Some(scale.orders_per_second())))?);
        let mut max_in_flight = 0;
        let mut watch = self.watch();
        while began.elapsed() < scale.real_outage() || accepted.read_new()? < expected {
            max_in_flight = max_in_flight.max(control.depths(target).await?.in_flight);
            loads.any_running(self.scratch)?;
            // A load that is ahead of its rate waits, so that only a late one makes no progress.
            if began.elapsed() >= scale.real_outage() {
                watch.check(accepted.count(), "orders are accepted")?;
            }
            tokio::time::sleep(PAUSE).await;
        }
        let lasted = began.elapsed();
        let calls = control.calls().await?.of(target);
        let backlog = control.depths(target).await?.backlog;
        faults.end_outages(&[target]).await?;
        eprintln!(
            "{} is back after {:.0} s, {} calls failed, {backlog} messages wait",
            target.name(),
            scale.queue_seconds(lasted),
            calls.calls
        );
        let rung = alarms::rung_between(&rung_before, &system.rung_alarms().await?);
        let held_batches = control.held_batches(target).await?.saturating_sub(held_before);
        let curve = self.drain(control, &mut loads).await?;
        let seconds = |at: Duration| scale.queue_seconds(at);
        Ok(Outcome {
            rates_judged: !self.arguments.no_rates,
            build: self.build,
            target,
            accepted: accepted.read_new()?,
            expected,
            dead_letters: control.depths(target).await?.dead_letters,
            verified: None,
            must_ring: alarms::expected_by_outage(target, seconds(lasted), scale.speed),
            rung,
            held_batches,
            must_hold: alarms::must_hold(lasted),
            outage_seconds: seconds(lasted),
            backlog,
            calls: calls.calls,
            max_calls_in_flight: calls.max_in_flight_of_a_process,
            max_in_flight,
            in_flight_limit: scale.max_in_flight(),
            full_rate,
            full_rate_after: curve.reaches(full_rate).map(seconds),
            drain_rate: curve.rate(),
            drained_after: curve.empty_at().map(seconds),
        })
    }

    fn watch(&self) -> ProgressWatch {
        ProgressWatch::new(Duration::from_secs(self.arguments.patience))
    }

    fn load_options(&self, rate: Option<f64>) -> Vec<String> {
        let mut options = vec![
            format!("--connections={}", self.arguments.connections),
            format!("--seed={}", self.arguments.seed),
            format!("--patience={}", self.arguments.patience),
        ];
        options.extend(rate.map(|rate| format!("--rate={rate}")));
        options
    }
}
