//! An order that is sent many times at once is one order.

use futures_util::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use crate::system::{Sandbox, sample_of_new_customer};

/// More copies than a batch has messages, so that several workers get copies at the same time.
const COPIES: usize = 24;

#[tokio::test]
async fn many_at_once_under_one_key_make_one_row_and_one_email() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let order = sample_of_new_customer("order.json");
    let key = Uuid::new_v4().to_string();
    let mut ids = Vec::new();
    let requests = (0..COPIES).map(|_| system.post_with_key_until_decided(&order, &key));
    for answer in join_all(requests).await {
        assert_eq!(answer.status, 202, "{}", answer.body);
        ids.push(answer.body["order_id"].as_str().unwrap().to_owned());
    }
    ids.sort();
    ids.dedup();
    let [id] = &*ids else {
        panic!("one key gave several orders: {ids:?}");
    };
    let notified = system.wait_until_notified(id).await;
    system.wait_until_empty("orders").await;
    system.wait_until_empty("notifications").await;
    assert_eq!(system.count_rows_of_customer(&order).await, 1);
    assert_eq!(system.wait_until_stored(id).await, notified);
    assert_eq!(system.list_dead_letters(id), [] as [Value; 0]);
    // Search for the order's id, not for the notification id in the row: a second email has a notification id of its own.
    assert_eq!(system.find_mail(id).len(), 1);
}
