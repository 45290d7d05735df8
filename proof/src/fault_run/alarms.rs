//! The alarms of the system that a fault run plays.

use std::collections::BTreeSet;

use anyhow::Context;
use cloud_faults::FaultKind;
use serde::Deserialize;
use stack_client::LocalControl;
use tokio::time::{Duration, Instant, sleep};

use crate::faults::Injected;

/// The alarm that rings while an order is a dead letter.
pub(super) const ORDERS_DEAD_LETTER_QUEUE: &str = "OrdersDlqAlarm";
/// The alarm that rings when a process of a function dies, by the function.
const FUNCTION_ERRORS: [(&str, &str); 3] = [
    ("order-api", "OrderApiErrorsAlarm"),
    ("order-worker", "OrderWorkerErrorsAlarm"),
    ("notifier", "NotifierErrorsAlarm"),
];
/// CloudWatch judges the alarms at the end of each minute.
const MINUTE_MILLISECONDS: u64 = 60_000;
/// The longest time until they are judged, and the pause between two looks.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(50);

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

/// The names of the alarms that rang since the system was started.
pub(super) async fn read_rung(control: &LocalControl) -> anyhow::Result<BTreeSet<String>> {
    let rung = read(control).await?.alarms.into_iter();
    Ok(rung
        .filter(|alarm| alarm.times_rung > 0)
        .map(|alarm| alarm.name)
        .collect())
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
        let names = FUNCTION_ERRORS.map(|(_, alarm)| alarm).into_iter();
        for alarm in names.chain([ORDERS_DEAD_LETTER_QUEUE]) {
            assert!(template.contains(&format!("\n  {alarm}:\n")), "{alarm}");
        }
    }
}
