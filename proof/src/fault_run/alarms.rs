//! The alarms of the system that a fault run plays.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use cloud_faults::FaultKind;
use serde::Deserialize;
use stack_client::LocalControl;
use tokio::time::{Duration, Instant, sleep};

use crate::faults::Injected;
use crate::outages::OutageTarget;

/// The alarm that rings while an order is a dead letter.
pub(super) const ORDERS_DEAD_LETTER_QUEUE: &str = "OrdersDlqAlarm";
/// The alarm that rings when a process of a function dies, by the function.
const FUNCTION_ERRORS: [(&str, &str); 3] = [
    ("order-api", "OrderApiErrorsAlarm"),
    ("order-worker", "OrderWorkerErrorsAlarm"),
    ("notifier", "NotifierErrorsAlarm"),
];
/// The alarms of an outage need two whole minutes after the first invocation has ended. It begins within a minute.
const LEAST_OUTAGE_SECONDS: f64 = 210.0;
/// How long an invocation holds its batch, in seconds of the machine. It says so once.
const HOLD_SECONDS: f64 = 25.0;
/// The alarms of messages that are put off need two minutes one after the other, each with a held batch.
const MINUTE_SECONDS: f64 = 60.0;
/// CloudWatch judges the alarms at the end of each minute.
const MINUTE_MILLISECONDS: u64 = 60_000;
/// The longest time until they are judged, and the pause between two looks.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

/// How often each alarm rang.
pub(super) type Rung = BTreeMap<String, u64>;

/// The document of `/_local/alarms`.
#[derive(Debug, Deserialize)]
struct Document {
    alarms: Vec<Alarm>,
    evaluations: u64,
}

#[derive(Debug, Deserialize)]
struct Alarm {
    name: String,
    times_rung: u64,
}

async fn read(control: &LocalControl) -> anyhow::Result<Document> {
    let answer = control
        .get("alarms")
        .send()
        .await
        .context("the alarms cannot be read")?;
    let body = answer.error_for_status()?.bytes().await?;
    serde_json::from_slice(&body).context("the alarms cannot be read")
}

/// How often each alarm rang since the system was started, of those that rang.
pub(super) async fn read_rung(control: &LocalControl) -> anyhow::Result<Rung> {
    let rung = read(control).await?.alarms.into_iter();
    let rung = rung.filter(|alarm| alarm.times_rung > 0);
    Ok(rung.map(|alarm| (alarm.name, alarm.times_rung)).collect())
}

/// The alarms that rang between two readings.
pub(super) fn rung_between(before: &Rung, after: &Rung) -> BTreeSet<String> {
    let has_rung = |(name, count): &(&String, &u64)| before.get(*name).is_none_or(|before| before < *count);
    let names = after.iter().filter(has_rung);
    names.map(|(name, _)| name.clone()).collect()
}

/// The alarms that must ring in an outage of this length, by the clock of the queues, which is so many times as fast.
///
/// The functions run in real time. On a clock so fast that a hold is longer than a minute, minutes pass in which no
/// invocation says that it holds a batch, and the alarms of messages that are put off need not ring.
pub(super) fn expected_by_outage(target: OutageTarget, seconds: f64, speed: u32) -> BTreeSet<String> {
    let hold_seconds = HOLD_SECONDS * f64::from(speed);
    if seconds < LEAST_OUTAGE_SECONDS + hold_seconds {
        return BTreeSet::new();
    }
    let put_off = match target {
        // Without the topic the rows are inserted, and only their events wait.
        OutageTarget::Table | OutageTarget::Topic => "OrdersPutOffAlarm",
        OutageTarget::Email => "NotificationsPutOffAlarm",
    };
    let put_off = (hold_seconds < MINUTE_SECONDS).then_some(put_off);
    let nothing_confirmed = (target == OutageTarget::Table).then_some("NothingConfirmedAlarm");
    let alarms = put_off.into_iter().chain(nothing_confirmed);
    alarms.map(str::to_owned).collect()
}

/// Whether an outage lasted so long, by the machine's clock, that an invocation must have held its batch.
pub(super) fn must_hold(lasted: Duration) -> bool {
    lasted.as_secs_f64() >= HOLD_SECONDS
}

/// Moves the clock of the queues past the end of the minute, and waits until the alarms are judged.
pub(super) async fn end_minute(control: &LocalControl) -> anyhow::Result<()> {
    let before = read(control).await?.evaluations;
    let body = format!(r#"{{"advance_milliseconds": {MINUTE_MILLISECONDS}}}"#);
    let request = control.put("clock").header("content-type", "application/json");
    request.body(body).send().await?.error_for_status()?;
    let deadline = Instant::now() + PATIENCE;
    while read(control).await?.evaluations == before {
        anyhow::ensure!(
            Instant::now() < deadline,
            "the alarms were not judged in {PATIENCE:?}"
        );
        sleep(PAUSE).await;
    }
    Ok(())
}

/// The alarms that must ring because of these faults: those of the functions whose processes were killed.
pub(super) fn expected_by(injected: &Injected) -> BTreeSet<String> {
    let kills = injected.get(FaultKind::Kill.name());
    let was_killed =
        |function: &str| kills.is_some_and(|kills| kills.get(function).is_some_and(|count| *count > 0));
    FUNCTION_ERRORS
        .into_iter()
        .filter(|(function, _)| was_killed(function))
        .map(|(_, alarm)| alarm.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_killed_process_must_ring_and_every_name_is_of_the_template() {
        let kills = [("notifier".to_owned(), 2), ("order-worker".to_owned(), 0)];
        let injected = Injected::from([
            ("kill".to_owned(), kills.into()),
            ("delay".to_owned(), [("order-api".to_owned(), 1)].into()),
        ]);
        assert_eq!(
            expected_by(&injected),
            BTreeSet::from(["NotifierErrorsAlarm".to_owned()])
        );
        let template = include_str!("../../../template.yaml");
        let names = FUNCTION_ERRORS.map(|(_, alarm)| alarm.to_owned()).into_iter();
        let names = names.chain(OutageTarget::ALL.into_iter().flat_map(|target| {
            let alarms = expected_by_outage(target, 240.0, 1);
            assert!(!alarms.is_empty());
            alarms
        }));
        for alarm in names.chain([ORDERS_DEAD_LETTER_QUEUE.to_owned()]) {
            assert!(template.contains(&format!("\n  {alarm}:\n")), "{alarm}");
        }
    }

    #[test]
    fn a_short_outage_need_not_ring() {
        let count = |seconds, speed| expected_by_outage(OutageTarget::Table, seconds, speed).len();
        assert_eq!([count(234.0, 1), count(235.0, 1)], [0, 2]);
        assert_eq!([count(259.0, 2), count(260.0, 2)], [0, 2]);
    }

    #[test]
    fn an_alarm_of_held_batches_need_not_ring_when_a_hold_is_longer_than_its_minute() {
        let expected = |target, seconds| expected_by_outage(target, seconds, 6);
        assert!(expected(OutageTarget::Table, 359.0).is_empty());
        let of_table = expected(OutageTarget::Table, 360.0);
        assert_eq!(of_table, BTreeSet::from(["NothingConfirmedAlarm".to_owned()]));
        assert!(expected(OutageTarget::Topic, 1800.0).is_empty());
        assert!(expected(OutageTarget::Email, 1800.0).is_empty());
    }

    #[test]
    fn a_batch_must_be_held_in_an_outage_that_is_as_long_as_a_hold() {
        let lasted = [24, 25].map(Duration::from_secs);
        assert_eq!(lasted.map(must_hold), [false, true]);
    }

    #[test]
    fn an_alarm_that_rang_before_has_to_ring_again() {
        let counts = |counts: [u64; 2]| -> Rung {
            let names = ["NothingConfirmedAlarm", "OrdersPutOffAlarm"].map(str::to_owned);
            names.into_iter().zip(counts).collect()
        };
        assert!(rung_between(&counts([1, 1]), &counts([1, 1])).is_empty());
        let rung = rung_between(&counts([1, 1]), &counts([1, 2]));
        assert_eq!(rung, BTreeSet::from(["OrdersPutOffAlarm".to_owned()]));
        assert_eq!(rung_between(&Rung::new(), &counts([1, 1])).len(), 2);
    }
}
