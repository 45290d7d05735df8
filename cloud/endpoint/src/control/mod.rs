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
mod usage;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, put};

use crate::backend::Backend;

/// The routes of the control calls.
pub(crate) fn router(backend: &Backend) -> Router<Backend> {
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
        .route("/_local/usage", get(usage::show))
        .route("/_local/clock", put(clock::advance))
        .route("/_local/mail", get(state::mail))
        .route(
            "/_local/mail/{sequence}",
            put(state::replace_mail).delete(state::delete_mail),
        )
        .route("/_local/sqs", get(queues::show_limits).put(queues::set_limits))
        .route("/_local/subscriptions", get(subscriptions::list))
        .route("/_local/subscriptions/{arn}/confirm", put(subscriptions::confirm))
        .route("/_local/queues/{name}/wake", put(queues::wake))
        .layer(from_fn_with_state(backend.clone(), note_change))
}

/// Notes each call that may have changed something.
async fn note_change(State(backend): State<Backend>, request: Request, next: Next) -> Response {
    let is_change = request.method() != Method::GET;
    let response = next.run(request).await;
    if is_change {
        backend.activity().note();
    }
    response
}
