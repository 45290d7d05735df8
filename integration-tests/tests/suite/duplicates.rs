//! One order sent many times at once is one order.

use futures_util::future::join_all;
use serde_json::Value;
use uuid::Uuid;

use crate::system::{Home, sample_of_new_customer};

/// More than a batch of the queue holds, so that copies meet in several workers.
const COPIES: usize = 24;

#[tokio::test]
async fn many_at_once_under_one_key_make_one_row_and_one_email() {
    let home = Home::new();
    let system = home.start().await;
    let order = sample_of_new_customer("order.json");
    let key = Uuid::new_v4().to_string();
    let post = || {
        system.request(|http, url| {
            let request = http.post(format!("{url}/orders"));
            request.header("Idempotency-Key", &key).json(&order)
        })
    };
    let mut ids = Vec::new();
    for answer in join_all((0..COPIES).map(|_| post())).await {
        assert_eq!(answer.status, 202, "{}", answer.body);
        ids.push(answer.body["order_id"].as_str().unwrap().to_owned());
    }
    ids.sort();
    ids.dedup();
    let [id] = &*ids else {
        panic!("one key gave several orders: {ids:?}");
    };
    let notified = system.notified(id).await;
    system.emptied("orders").await;
    system.emptied("notifications").await;
    assert_eq!(system.rows_of_customer(&order).await, 1);
    assert_eq!(system.stored(id).await, notified);
    assert_eq!(system.dead_letters(id), [] as [Value; 0]);
    // By the order, not by the email that the row names: another one would carry another id.
    assert_eq!(system.mail_about(id).len(), 1);
}
