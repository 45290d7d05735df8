//! The faults of the system on this machine: which are switched on, and the calls that change them.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use axum::http::StatusCode;
use reqwest::RequestBuilder;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stack_client::{LocalControl, Target};

use crate::failure::Failure;
use crate::system::System;

/// The failures that are switched on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switches {
    /// Calls to AWS are refused because of their rate.
    throttle: bool,
    /// Calls take effect, and their answer is lost.
    lost: bool,
    /// Processes of functions are killed.
    kills: bool,
}

impl Switches {
    pub(crate) fn is_any(self) -> bool {
        self.throttle || self.lost || self.kills
    }

    /// The plan, in the form of `events/faults.yaml`. order-api fails less: its clients see it.
    pub(crate) fn plan(self) -> Value {
        let share = |is_on: bool, share: f64| if is_on { share } else { 0.0 };
        let rule = |functions: &str, throttle: f64, lost: f64| json!({ "functions": [functions], "throttle": share(self.throttle, throttle), "lost_response": share(self.lost, lost) });
        let kill = |function: &str, chance: f64, after: [u32; 2]| json!({ "functions": [function], "chance": chance, "after_milliseconds": after });
        let kills = if self.kills {
            vec![
                kill("order-worker", 0.3, [0, 80]),
                kill("notifier", 0.3, [200, 1500]),
            ]
        } else {
            Vec::new()
        };
        json!({ "seed": 1, "calls": [rule("order-api", 0.05, 0.05), rule("*", 0.4, 0.2)], "kills": kills })
    }
}

/// The switches that were set last. Cloning it is cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastSwitches(Arc<Mutex<Switches>>);

impl LastSwitches {
    pub(crate) fn get(&self) -> Switches {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, switches: Switches) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = switches;
    }
}

/// The faults that were injected since the start, by kind and subject, and whether a plan is in force.
pub(crate) async fn read(system: &System) -> Result<Value, Failure> {
    send(control(system).await?.get("faults")).await
}

/// Puts the plan of the switches in force, in the place of the one before.
pub(crate) async fn set(system: &System, switches: Switches) -> Result<Value, Failure> {
    let plan = switches.plan().to_string();
    send(control(system).await?.put("faults").body(plan)).await
}

/// Ends the plan.
pub(crate) async fn end(system: &System) -> Result<Value, Failure> {
    send(control(system).await?.delete("faults")).await
}

async fn control(system: &System) -> Result<LocalControl, Failure> {
    let connection = system.connection()?;
    if connection.target() == Target::Aws {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            "Faults are injected on this machine only.",
        ));
    }
    Ok(connection.local_control().await?)
}

async fn send(request: RequestBuilder) -> Result<Value, Failure> {
    let answer = request.send().await.context("the system does not answer")?;
    let answer = answer
        .error_for_status()
        .context("the system refuses the faults")?;
    Ok(answer
        .json()
        .await
        .context("the system's answer cannot be read")?)
}
