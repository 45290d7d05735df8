//! `/console/api/faults`: switches for failures of the system on this machine.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::fault_control::{self, LastSwitches, Switches};
use crate::live::Live;
use crate::system::System;

/// Answers `{"active", "injected", "switches"}`. `switches` is `null` if another plan is in force.
pub(crate) async fn show(
    State(system): State<System>,
    State(switches): State<LastSwitches>,
) -> Result<Json<Value>, Failure> {
    let state = fault_control::read(&system).await?;
    Ok(Json(with_switches(&switches, state)))
}

/// Puts the failures in force that are switched on, and ends all others. Without any it ends the plan.
pub(crate) async fn set(
    State(system): State<System>,
    State(live): State<Live>,
    State(last): State<LastSwitches>,
    Json(switches): Json<Switches>,
) -> Result<Json<Value>, Failure> {
    let state = if switches.is_any() {
        fault_control::set(&system, switches).await?
    } else {
        fault_control::end(&system).await?
    };
    last.set(switches);
    live.look_now();
    Ok(Json(with_switches(&last, state)))
}

fn with_switches(last: &LastSwitches, mut state: Value) -> Value {
    let switches = last.get();
    let is_active = state["active"] == true;
    state["switches"] = match (is_active, switches.is_any()) {
        (false, _) => json!(Switches::default()),
        (true, true) => json!(switches),
        (true, false) => Value::Null,
    };
    state
}
