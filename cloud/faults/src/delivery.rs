//! Faults of deliveries from a queue to its function. SQS standard queues deliver at least once and in any
//! order.

use std::sync::Arc;

use fastrand::Rng;

use crate::count::FaultKind;
use crate::faults::Faults;
use crate::pattern::any_matches;
use crate::plan::FaultPlan;
use crate::rules::DeliveryRule;

impl Faults {
    /// Duplicates and shuffles the messages of one receive. `queue` is the name of the queue.
    pub fn deliver<M: Clone>(&self, queue: &str, received: &mut Vec<M>) {
        let Some(plan) = self.plan().filter(|_| !received.is_empty()) else {
            return;
        };
        let Some((rule, mut rng)) = self.find_delivery_rule(&plan, queue, "deliver") else {
            return;
        };
        let twice: Vec<_> = received
            .iter()
            .filter(|_| rule.duplicate.happens(&mut rng))
            .cloned()
            .collect();
        for _ in &twice {
            self.record(FaultKind::Duplicate, queue);
        }
        received.extend(twice);
        if rule.shuffle.happens(&mut rng) && received.len() > 1 {
            self.record(FaultKind::Shuffle, queue);
            rng.shuffle(received);
        }
    }

    /// Removes messages from `done` that must be delivered once more, and returns them.
    pub fn redeliver<H>(&self, queue: &str, done: &mut Vec<H>) -> Vec<H> {
        let Some(plan) = self.plan() else {
            return Vec::new();
        };
        let Some((rule, mut rng)) = self.find_delivery_rule(&plan, queue, "redeliver") else {
            return Vec::new();
        };
        let again: Vec<_> = done
            .extract_if(.., |_| rule.redelivery.happens(&mut rng))
            .collect();
        for _ in &again {
            self.record(FaultKind::Redelivery, queue);
        }
        again
    }

    fn find_delivery_rule<'a>(
        &self,
        plan: &'a Arc<FaultPlan>,
        queue: &str,
        step: &str,
    ) -> Option<(&'a DeliveryRule, Rng)> {
        let rule = plan
            .deliveries
            .iter()
            .find(|rule| any_matches(&rule.queues, queue))?;
        Some((rule, self.next_rng(plan.seed, &format!("{step} {queue}"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(plan: &str) -> Faults {
        let faults = Faults::default();
        faults.set(Some(FaultPlan::parse(plan).unwrap()));
        faults
    }

    #[test]
    fn nothing_is_lost_and_duplicates_are_counted() {
        let faults = faults("{seed: 5, deliveries: [{queues: [work], duplicate: 0.3, shuffle: 1}]}");
        let mut received: Vec<_> = (0..100).collect();
        faults.deliver("work", &mut received);
        assert!(!received.is_sorted());
        let doubled = received.len() - 100;
        assert_eq!(faults.injected()[&FaultKind::Duplicate]["work"], doubled as u64);
        assert!((15..45).contains(&doubled), "{doubled}");
        received.sort_unstable();
        received.dedup();
        assert_eq!(received, (0..100).collect::<Vec<_>>());

        let mut other = vec![1, 2];
        faults.deliver("other", &mut other);
        assert_eq!(other, [1, 2]);
    }

    #[test]
    fn a_processed_message_is_either_deleted_or_delivered_once_more() {
        let faults = faults("{seed: 5, deliveries: [{redelivery: 0.3}]}");
        let mut done: Vec<_> = (0..100).collect();
        let again = faults.redeliver("work", &mut done);
        assert_eq!(
            faults.injected()[&FaultKind::Redelivery]["work"],
            again.len() as u64
        );
        assert!((15..45).contains(&again.len()), "{}", again.len());
        let mut all = [done, again].concat();
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<_>>());
    }
}
