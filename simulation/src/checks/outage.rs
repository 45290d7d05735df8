//! While a service is away, an invocation holds its batch until it has no time left, and probes with one call.

use std::time::Duration;

use crate::pipeline::Pipeline;
use crate::plan::{Faults, Outage, Plan, Service, Subscriber};
use crate::rule::Rule;
use crate::schedule::TaskId;
use crate::world::{Invocation, State, World};

/// The longest pause before the next call (6.4 s), and the time of calls.
const MAX_PAUSE: Duration = Duration::from_millis(7500);

/// The time that notifier needs for an email and its marks. It begins no email without it.
const TIME_TO_SEND: Duration = Duration::from_millis(7500);

/// Checks that an invocation that met the outage ended no sooner than it had to.
pub(crate) fn check_hold(
    world: &World,
    state: &State,
    task: TaskId,
    invocation: &Invocation,
) -> Option<(Rule, String)> {
    let now = world.schedule.now();
    let service = world.plan.outage.as_ref()?.service;
    let is_met = invocation
        .batch
        .iter()
        .filter_map(|delivery| state.history.retry_codes.get(&(task, delivery.body.clone())))
        .any(|code| is_code_of_outage(invocation.pipeline, code));
    if !is_met || !must_hold(&world.plan, state, invocation, service, now) {
        return None;
    }
    let mut spared = invocation.margin() + MAX_PAUSE;
    if invocation.pipeline == Pipeline::Notifications {
        spared += TIME_TO_SEND;
    }
    let least = invocation
        .deadline
        .saturating_sub(invocation.started)
        .saturating_sub(spared);
    let held = now.saturating_sub(invocation.started);
    (held < least).then(|| {
        let what = format!("{task:?} held its batch for {held:?} of {least:?} while {service:?} was away");
        (Rule::ServiceAway, what)
    })
}

/// Checks the calls to a service that an invocation has in flight.
pub(crate) fn check_calls(world: &World, task: TaskId, service: Service, in_flight: u32) {
    let is_broken = {
        let state = world.state.borrow();
        let now = world.schedule.now();
        in_flight > 1
            && state
                .invocations
                .get(&task)
                .is_some_and(|invocation| must_hold(&world.plan, &state, invocation, service, now))
    };
    if is_broken {
        let what = format!("{task:?} has {in_flight} calls to {service:?} in flight, which is away");
        world.report_violation(Rule::ServiceAway, what);
    }
}

/// Whether the outage lasts since before the invocation began, and no record gives another reason for a failed call.
fn must_hold(plan: &Plan, state: &State, invocation: &Invocation, service: Service, now: Duration) -> bool {
    plan.faults == Faults::default()
        && plan.subscriber == Subscriber::Always
        && service != Service::Queues
        && plan.is_down(service, invocation.started)
        && plan.is_down(service, now)
        && invocation.batch.iter().all(|delivery| {
            let order = invocation.pipeline.parse_order_id(&delivery.body);
            order.is_none_or(|order| {
                !state.panickers.contains_key(&order)
                    && !state.panickers_of_notifier.contains_key(&order)
                    && !state.rejected.contains_key(&order)
            })
        })
}

fn is_code_of_outage(pipeline: Pipeline, code: &str) -> bool {
    match pipeline {
        Pipeline::Orders => Outage::ERRORS.contains(&code),
        Pipeline::Notifications => ["table_unavailable", "topic_unavailable", "email_failed"].contains(&code),
    }
}
