//! The control calls under `/_local`: what is not AWS.

mod alarms;
mod calls;
mod clock;
mod faults;
mod health;
mod queues;
mod state;
mod status;
mod subscriptions;

use axum::Router;
use axum::routing::{get, put};

use crate::backend::Backend;

/// The routes of the control calls.
pub(crate) fn router() -> Router<Backend> {
    Router::new()
        .route("/_local/health", get(health::health))
        .route("/_local/alarms", get(alarms::alarms))
        .route("/_local/metrics", get(alarms::metrics))
        .route("/_local/status", get(status::status))
        .route(
            "/_local/faults",
            get(faults::show).put(faults::set).delete(faults::end),
        )
        .route(
            "/_local/faults/outages/{name}",
            put(faults::begin_outage).delete(faults::end_outage),
        )
        .route("/_local/calls", get(calls::show).delete(calls::reset))
        .route("/_local/clock", put(clock::advance))
        .route("/_local/mail", get(state::mail))
        .route("/_local/sqs", get(queues::show_limits).put(queues::set_limits))
        .route("/_local/subscriptions", get(subscriptions::list))
        .route("/_local/subscriptions/{arn}/confirm", put(subscriptions::confirm))
        .route("/_local/queues/{name}/wake", put(queues::wake))
}
