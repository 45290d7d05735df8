//! Groups share the messages in flight: no group keeps the others waiting.

use proptest::prelude::*;

use super::*;

impl Service {
    async fn send_to_group(&self, group: &str, count: usize) {
        for chunk in (0..count).collect::<Vec<_>>().chunks(10) {
            let entries: Vec<_> = chunk
                .iter()
                .map(|n| json!({"Id": n.to_string(), "MessageBody": group, "MessageGroupId": group}))
                .collect();
            self.call("SendMessageBatch", json!({"QueueUrl": "q", "Entries": entries}))
                .await;
        }
    }

    async fn receive_groups(&self) -> Vec<String> {
        self.receive("q").await.into_iter().map(|m| m.body).collect()
    }
}

#[tokio::test]
async fn a_quiet_groups_message_overtakes_the_backlog_of_a_noisy_group() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    s.send_to_group("flood", 500).await;
    assert_eq!(s.receive_groups().await, vec!["flood"; 10]);
    s.send_to_group("quiet", 1).await;
    s.send_to_group("calm", 1).await;
    let mut next = s.receive_groups().await;
    assert_eq!(next.len(), 10);
    assert_eq!(next.drain(..2).collect::<Vec<_>>(), ["quiet", "calm"]);
    assert_eq!(next, vec!["flood"; 8]);
}

#[tokio::test]
async fn without_a_noisy_group_messages_come_in_the_order_of_sending() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    let order = ["a", "b", "a", "c", "a", "b", "c", "a", "a"];
    for group in order {
        s.send_to_group(group, 1).await;
    }
    s.send("q", "without a group").await;
    let received = s.receive_groups().await;
    assert_eq!(received[..9], order);
    assert_eq!(received[9], "without a group");
}

#[tokio::test]
async fn two_noisy_groups_leave_no_message_behind() {
    let s = service().await;
    s.call("CreateQueue", json!({"QueueName": "q"})).await;
    s.send_to_group("a", 60).await;
    s.send_to_group("b", 60).await;
    let mut received = std::collections::BTreeMap::<String, usize>::new();
    loop {
        let groups = s.receive_groups().await;
        if groups.is_empty() {
            break;
        }
        for group in groups {
            *received.entry(group).or_default() += 1;
        }
    }
    assert_eq!(received, [("a".to_owned(), 60), ("b".to_owned(), 60)].into());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever the order of sending is, each message is received once. A receive that takes messages of a group with more
    /// than its share takes one of each other group that has a message.
    #[test]
    fn every_message_is_received_once_and_no_group_waits_for_a_noisy_one(
        groups in proptest::collection::vec(prop_oneof![3 => Just(0_usize), 1 => 1..5_usize], 1..120),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let s = service().await;
            s.call("CreateQueue", json!({"QueueName": "q"})).await;
            let (mut ready, mut in_flight) = ([0_usize; 5], [0_usize; 5]);
            for &group in &groups {
                s.send_to_group(&group.to_string(), 1).await;
                ready[group] += 1;
            }
            let mut ids = std::collections::BTreeSet::new();
            loop {
                let received = s.receive("q").await;
                if received.is_empty() {
                    break;
                }
                let total: usize = in_flight.iter().sum();
                let noisy = in_flight.map(|messages| messages >= 10 && messages * 10 > total);
                let mut taken = [0_usize; 5];
                for message in received {
                    taken[message.body.parse::<usize>().unwrap()] += 1;
                    prop_assert!(ids.insert(message.message_id), "received twice");
                }
                let takes_noise = (0..5).any(|group| noisy[group] && taken[group] > 0);
                for group in 0..5 {
                    let waits = takes_noise && !noisy[group] && ready[group] > 0 && taken[group] == 0;
                    prop_assert!(!waits, "group {group} waits: {ready:?} {in_flight:?} {taken:?}");
                    ready[group] -= taken[group];
                    in_flight[group] += taken[group];
                }
            }
            prop_assert_eq!(ids.len(), groups.len());
            s.stop.send_replace(true);
            Ok(())
        })?;
    }
}
