//! A response reports as failed only messages that did fail, and each comes back at its time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use order_core::event::EventError;
use order_core::message::MessageError;
use order_core::{EventType, OrderEvent, OrderId, QueueMessage};
use order_table::OrderRow;
use queue_consumer::ports::Queue;

use super::dead_letters::is_delay;
use super::marks::check_marks;
use super::outage;
use crate::pipeline::Pipeline;
use crate::plan::Subscriber;
use crate::queue::Delivery;
use crate::rule::Rule;
use crate::schedule::TaskId;
use crate::world::{Invocation, State, World};

/// An invocation that ends this long before its deadline had time to finish every record.
const TIME_TO_FINISH: Duration = Duration::from_secs(4);

/// An invocation of notifier starts with further records only this long before its deadline.
const TIME_TO_READ: Duration = Duration::from_secs(12);

/// The maximum number of attributes of a message beside which the five of its dead letter fit.
const MAX_OWN_ATTRIBUTES: usize = 5;

/// The end of an invocation.
struct End<'a> {
    world: &'a World,
    state: &'a State,
    task: TaskId,
    invocation: &'a Invocation,
    now: Duration,
    /// How many messages of the batch are about each order.
    copies: BTreeMap<OrderId, u32>,
}

/// Checks the messages that an invocation reports as failed.
pub(crate) fn check_response(
    world: &World,
    task: TaskId,
    invocation: &Invocation,
    reported: &BTreeSet<&str>,
) {
    let mut copies: BTreeMap<OrderId, u32> = BTreeMap::new();
    let mut deliveries: BTreeMap<&str, u32> = BTreeMap::new();
    for delivery in &invocation.batch {
        if let Some(order) = invocation.pipeline.parse_order_id(&delivery.body) {
            *copies.entry(order).or_default() += 1;
        }
        *deliveries.entry(&delivery.id).or_default() += 1;
    }
    let mut violations = Vec::new();
    {
        let state = &*world.state.borrow();
        let end = End {
            world,
            state,
            task,
            invocation,
            now: world.schedule.now(),
            copies,
        };
        for delivery in &invocation.batch {
            if reported.contains(delivery.id.as_str()) && deliveries[delivery.id.as_str()] == 1 {
                end.check_failed(delivery, &mut violations);
            } else {
                end.check_sent_again(delivery, &mut violations);
            }
        }
        violations.extend(outage::check_hold(world, state, task, invocation));
    }
    for (rule, what) in violations {
        world.report_violation(rule, what);
    }
    if invocation.pipeline == Pipeline::Notifications {
        check_marks(world, task, invocation.deadline, TIME_TO_FINISH);
    }
}

impl End<'_> {
    /// Checks one message that is reported as failed.
    fn check_failed(&self, delivery: &Delivery, violations: &mut Vec<(Rule, String)>) {
        let id = &delivery.id;
        let history = &self.state.history;
        let pipeline = self.invocation.pipeline;
        if history.confirmed_dead_letters.contains(&(self.task, id.clone())) {
            let what = format!("{id} was dead-lettered, and is reported as failed");
            violations.push((Rule::ValidResponse, what));
        }
        let any_order = pipeline.parse_order_id(&delivery.body);
        let order = any_order.filter(|order| self.copies[order] == 1);
        if let Some(order) = order {
            let is_done = match pipeline {
                Pipeline::Orders => EventType::ALL.into_iter().any(|event_type| {
                    history
                        .confirmed_publications
                        .contains(&(self.task, order, event_type))
                }),
                Pipeline::Notifications => history.confirmed_marks.contains(&(self.task, order)),
            };
            if is_done {
                let what = format!("{id} is done, and is reported as failed");
                violations.push((Rule::ValidResponse, what));
            }
        }
        let is_late = self.is_late_for();
        // A message that may have killed a process is sent to the retry queue before it is parsed.
        let is_suspect = self.invocation.queue == Queue::Main && delivery.receives >= 3;
        if !is_late && !is_suspect && self.is_known_as_permanent(delivery, order) {
            // More than half of a batch may be malformed, and is then sent again.
            let is_tried = history.attempted_dead_letters.contains(&(self.task, id.clone()))
                || any_order.is_none()
                    && history
                        .attempted_retries
                        .contains(&(self.task, delivery.body.clone()));
            if delivery.own_attributes() <= MAX_OWN_ATTRIBUTES && !is_tried {
                let what = format!("{id} can never succeed, and no attempt was made to dead-letter it");
                violations.push((Rule::TrueDeadLetters, what));
            }
        }
        self.check_harm(delivery, violations);
        if self.had_time() {
            self.check_delay(delivery, violations);
            let is_tried = history.attempted_dead_letters.contains(&(self.task, id.clone()))
                || history
                    .attempted_retries
                    .contains(&(self.task, delivery.body.clone()));
            if delivery.own_attributes() <= MAX_OWN_ATTRIBUTES && !is_tried {
                let what = format!("{id} is reported as failed, and no attempt was made to send it again");
                violations.push((Rule::TrueDeadLetters, what));
            }
        }
    }

    /// Checks one message that is not reported. It may have been sent again.
    fn check_sent_again(&self, delivery: &Delivery, violations: &mut Vec<(Rule, String)>) {
        let code = self
            .state
            .history
            .retry_codes
            .get(&(self.task, delivery.body.clone()));
        if code.is_some_and(|code| code != "process_died") {
            self.check_harm(delivery, violations);
        }
    }

    /// Checks that a message that is not done has a reason for it.
    fn check_harm(&self, delivery: &Delivery, violations: &mut Vec<(Rule, String)>) {
        let pipeline = self.invocation.pipeline;
        let order = pipeline.parse_order_id(&delivery.body);
        // The order of a cancellation may not be stored yet.
        let waits = |order: OrderId| {
            matches!(
                pipeline.parse_event(&delivery.body),
                Some((_, EventType::Cancelled))
            ) && self.state.history.uncancelled_reads.contains(&(self.task, order))
        };
        let is_sound = order.is_some_and(|order| is_sound(self.state, pipeline, order) && !waits(order));
        let plan = &self.world.plan;
        let has_no_faults = plan.has_no_faults() && plan.subscriber == Subscriber::Always;
        if has_no_faults && is_sound && !self.is_late_for() && !self.is_short_of_time_to_notify() {
            let what = format!("{} is not done although nothing is wrong with it", delivery.id);
            violations.push((Rule::NoHarmToOthers, what));
        }
    }

    /// Checks that the next receive of a failed message was scheduled within the limits of the backoff.
    fn check_delay(&self, delivery: &Delivery, violations: &mut Vec<(Rule, String)>) {
        let id = &delivery.id;
        let delays = &self.state.history.requested_delays;
        let what = match delays.get(&(self.task, id.clone())) {
            Some(seconds) if is_delay(delivery.all_receives(), *seconds) => return,
            Some(seconds) => format!(
                "{id} is delayed by {seconds} s after receive {}",
                delivery.receives
            ),
            None => format!("{id} is reported as failed without a delay"),
        };
        violations.push((Rule::TrueDeadLetters, what));
    }

    fn had_time(&self) -> bool {
        self.now + TIME_TO_FINISH <= self.invocation.deadline
    }

    /// Whether the invocation may have had no time for a message.
    fn is_late_for(&self) -> bool {
        match self.invocation.pipeline {
            Pipeline::Orders => self.invocation.is_late(self.now),
            Pipeline::Notifications => !self.had_time(),
        }
    }

    /// Whether an invocation of notifier may have had no time for one more email, or for the rows of further orders.
    fn is_short_of_time_to_notify(&self) -> bool {
        self.invocation.pipeline == Pipeline::Notifications
            && self.now + TIME_TO_READ > self.invocation.deadline
    }

    /// Whether the invocation knows that a message can never succeed.
    fn is_known_as_permanent(&self, delivery: &Delivery, order: Option<OrderId>) -> bool {
        if self.invocation.pipeline == Pipeline::Notifications {
            let event = OrderEvent::from_json(&delivery.body);
            return event.is_err_and(|error| error != EventError::UnknownVersion);
        }
        let message = match QueueMessage::from_json(&delivery.body) {
            Ok(QueueMessage::Order(message)) => message,
            Ok(QueueMessage::Cancellation(_)) => return false,
            Err(error) => return matches!(error, MessageError::Malformed(_)),
        };
        let Some(order) = order else { return false };
        let history = &self.state.history;
        let last_error = history.last_errors.get(&(self.task, order)).copied();
        let row = self.state.rows.get(&order).map(OrderRow::from_attributes);
        let is_conflict = history.rows_read.contains(&(self.task, order))
            && row.is_some_and(|row| row.is_ok_and(|row| row.order != message.order));
        last_error == Some("ValidationError") || is_conflict
    }
}

/// Whether the order itself gives its message no reason to fail.
fn is_sound(state: &State, pipeline: Pipeline, order: OrderId) -> bool {
    match pipeline {
        Pipeline::Orders => {
            !state.killers.contains(&order)
                && !state.panickers.contains_key(&order)
                && !state.rejected.contains_key(&order)
        }
        Pipeline::Notifications => {
            state.rows.contains_key(&order)
                && !state.killers_of_notifier.contains(&order)
                && !state.panickers_of_notifier.contains_key(&order)
        }
    }
}
