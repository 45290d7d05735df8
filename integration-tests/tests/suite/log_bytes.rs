//! The bytes that the services log for each order: each costs money.

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;

use crate::system::{Sandbox, eventually, sample_of_new_customer};

const ORDERS: usize = 10;
/// The most bytes of one order over all services, in full batches.
const MAX_BYTES: usize = 700;

/// The log of a service, and how much of it is from before.
struct Log<'sandbox> {
    sandbox: &'sandbox Sandbox,
    service: &'static str,
    before: usize,
}

impl<'sandbox> Log<'sandbox> {
    fn begin(sandbox: &'sandbox Sandbox, service: &'static str) -> Self {
        let mut log = Self {
            sandbox,
            service,
            before: 0,
        };
        log.before = log.added().len();
        log
    }

    fn added(&self) -> String {
        let path = self.sandbox.data_dir().join(format!("logs/{}.log", self.service));
        std::fs::read_to_string(path).unwrap().split_off(self.before)
    }

    /// The lines that were added, as soon as a text is in so many of them: a line of metrics is the last of an invocation.
    async fn wait_for(&self, text: &str, count: usize) -> String {
        eventually(&format!("{} logs {text}", self.service), async || {
            let added = self.added();
            (added.matches(text).count() == count).then_some(added)
        })
        .await
    }
}

/// order-api is invoked for each order, and the others for a batch of ten.
#[tokio::test]
async fn an_order_is_logged_in_at_most_700_bytes() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    // The first invocations of the processes.
    let first = system.place(&sample_of_new_customer("order.json")).await;
    system.wait_until_notified(&first).await;

    let log = Log::begin(&sandbox, "order-api");
    let mut ids = Vec::new();
    for _ in 0..ORDERS {
        ids.push(system.place(&sample_of_new_customer("order.json")).await);
    }
    let api = log.wait_for(r#""OrdersAccepted":1"#, ORDERS).await;
    for id in &ids {
        assert_eq!(api.lines().filter(|line| line.contains(id)).count(), 1, "{api}");
    }
    for id in &ids {
        system.wait_until_notified(id).await;
    }

    let logs = ["order-worker", "notifier"].map(|service| Log::begin(&sandbox, service));
    // One call sends ten messages, which one receive returns.
    let sqs = system.sqs().await;
    let message = include_str!("../../../order-core/golden/message-v1.json");
    let entries = (0..ORDERS).map(|number| {
        let id = format!("0199d3a0-5c1e-7b3a-9f57-0000000000{number:02}");
        let body = message.replace("0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b", &id);
        let entry = SendMessageBatchRequestEntry::builder().id(number.to_string());
        entry.message_body(body).build().unwrap()
    });
    let url = system.queue_url(&sqs, "orders").await;
    let request = sqs.send_message_batch().queue_url(url);
    request.set_entries(Some(entries.collect())).send().await.unwrap();
    // A line is written after its answer, so that those about the last reads of the first order may be among them.
    let of_orders = api.lines().filter(|line| !line.contains(r#""method":"GET""#));
    let api_bytes: usize = of_orders.map(|line| line.len() + 1).sum();
    let mut bytes = vec![api_bytes / ORDERS];
    for log in logs {
        let added = log.wait_for(r#""BatchSize":[10.0]"#, 1).await;
        // A line about the batch, and one of metrics.
        assert_eq!(added.lines().count(), 2, "{added}");
        bytes.push(added.len() / ORDERS);
    }
    let all: usize = bytes.iter().sum();
    println!("{all} bytes for each order, of order-api, order-worker and notifier: {bytes:?}");
    assert!(all <= MAX_BYTES, "{all}: {bytes:?}");
}
