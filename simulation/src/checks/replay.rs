//! The rules of a replay: it changes no row that is right, and leaves only dead letters that can never succeed.

use std::collections::BTreeMap;

use order_core::OrderId;
use order_table::{Attributes, attribute};

use super::dead_letters::is_permanent;
use crate::history::MessageContent;
use crate::pipeline::Pipeline;
use crate::rule::Rule;
use crate::world::World;

/// Checks the idle world after the replay. `before` holds the rows from before the replay.
pub(crate) fn check_after_replay(world: &World, before: &BTreeMap<OrderId, Attributes>) {
    let mut violations = Vec::new();
    {
        let state = &*world.state.borrow();
        for (id, old) in before {
            let is_same = state.rows.get(id).is_some_and(|new| {
                let may_be_new = [
                    attribute::NOTIFIED_AT,
                    attribute::NOTIFICATION_ID,
                    attribute::CANCELLED_AT,
                    attribute::CANCELLATION_NOTIFIED_AT,
                    attribute::CANCELLATION_NOTIFICATION_ID,
                ];
                old.iter().all(|(name, value)| new.get(name) == Some(value))
                    && new
                        .keys()
                        .all(|name| old.contains_key(name) || may_be_new.contains(&name.as_str()))
            });
            if !is_same {
                violations.push(format!("the row of {id} changed"));
            }
        }
        for (pipeline, queues) in &state.queues {
            for dead_letter in queues.dead_letters.messages.values() {
                let content = state.history.accepted.get(&dead_letter.origin);
                let is_cancellation = matches!(content, Some(MessageContent::Cancellation(_)));
                let is_rowless = (*pipeline == Pipeline::Notifications || is_cancellation)
                    && pipeline
                        .parse_order_id(&dead_letter.body)
                        .is_some_and(|order| !state.rows.contains_key(&order));
                if !is_rowless && !is_permanent(content, dead_letter) {
                    violations.push(format!(
                        "{} is a dead letter again: {:?}",
                        dead_letter.origin,
                        dead_letter.attributes.get("error_code")
                    ));
                }
            }
        }
    }
    for what in violations {
        world.report_violation(Rule::ReplayHeals, what);
    }
}
