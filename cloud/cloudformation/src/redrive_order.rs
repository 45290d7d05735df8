//! The order in which queues are created: a dead-letter queue comes before its source queues.

use std::collections::BTreeMap;

use crate::resources::queue::Queue;

/// Queues are each other's dead-letter queues in a circle.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("queue {name}: its dead-letter queues lead back to it")]
pub struct RedriveCircle {
    /// The name of one of these queues.
    pub name: String,
}

/// Sorts queues. A dead-letter queue that is not in the template must exist already.
pub fn sort_by_redrive(queues: &[Queue]) -> Result<Vec<&Queue>, RedriveCircle> {
    let by_name: BTreeMap<&str, &Queue> = queues.iter().map(|queue| (queue.name.as_str(), queue)).collect();
    let mut ordered: Vec<&Queue> = Vec::with_capacity(queues.len());
    for queue in queues {
        // Follow the dead-letter queues from this queue to the last one, then add them in reverse.
        let mut chain: Vec<&Queue> = Vec::new();
        let mut next = Some(queue);
        while let Some(queue) = next.filter(|queue| !ordered.iter().any(|known| known.name == queue.name)) {
            if chain.iter().any(|known| known.name == queue.name) {
                return Err(RedriveCircle {
                    name: queue.name.clone(),
                });
            }
            chain.push(queue);
            next = queue
                .dead_letter_queue
                .as_deref()
                .and_then(|name| by_name.get(name).copied());
        }
        ordered.extend(chain.into_iter().rev());
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(name: &str, dead_letter_queue: Option<&str>) -> Queue {
        Queue {
            name: name.to_owned(),
            attributes: BTreeMap::new(),
            dead_letter_queue: dead_letter_queue.map(str::to_owned),
        }
    }

    #[test]
    fn dead_letter_queues_come_first() {
        let queues = [
            queue("a", Some("c")),
            queue("b", Some("elsewhere")),
            queue("c", Some("d")),
            queue("d", None),
        ];
        let names: Vec<_> = sort_by_redrive(&queues)
            .unwrap()
            .iter()
            .map(|queue| queue.name.as_str())
            .collect();
        assert_eq!(names, ["d", "c", "a", "b"]);
    }

    #[test]
    fn a_circle_is_refused() {
        let queues = [queue("a", Some("b")), queue("b", Some("a"))];
        assert!(matches!(sort_by_redrive(&queues), Err(RedriveCircle { .. })));
    }
}
