//! `orderctl erase`: what is erased is gone, stays gone, and is gone also if the erasure was interrupted.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{Answer, Sandbox, System, eventually, sample_of_new_customer};

/// A customer with a notified order under a key, and with an order that became a dead letter.
struct Customer {
    id: String,
    order: Value,
    key: String,
    stored: String,
    failed: String,
    /// The text by which the dead letter is found.
    token: String,
    /// The message that became it.
    message: String,
}

impl Customer {
    async fn of(system: &System) -> Self {
        let order = sample_of_new_customer("order.json");
        let id = order["customer"]["id"].as_str().unwrap().to_owned();
        let key = Uuid::new_v4().to_string();
        let placed = system.post_with_key_until_decided(&order, &key).await;
        assert_eq!(placed.status, 202, "{}", placed.body);
        let stored = placed.body["order_id"].as_str().unwrap().to_owned();
        system.wait_until_notified(&stored).await;
        let failed = Uuid::now_v7().to_string();
        let token = format!("poison-{failed}");
        let message = json!({
            "version": 1, "order_id": failed, "accepted_at": "2026-11-23T09:35:00.123Z",
            "order": {"customer": {"id": id}, "note": token},
        });
        let message = message.to_string();
        system.send("orders", &message).await;
        system.wait_for_dead_letter(&token).await;
        let customer = Self {
            id,
            order,
            key,
            stored,
            failed,
            token,
            message,
        };
        eventually("the failed order is marked", async || {
            (read(system, &customer.failed).await.body["status"] == "failed").then_some(())
        })
        .await;
        eventually("the email has arrived", async || {
            (!system.find_mail(&customer.stored).is_empty()).then_some(())
        })
        .await;
        customer
    }

    /// Nothing is left of the customer, and nothing brings an order back.
    async fn assert_gone(&self, system: &System) {
        for id in [&self.stored, &self.failed] {
            let gone = read(system, id).await;
            assert_eq!(gone.status, 410, "{}", gone.body);
            assert_eq!(gone.body["type"], "urn:orders:problem:order-erased");
            let cancelled = system
                .request(|http, url| http.post(format!("{url}/orders/{id}/cancel")))
                .await;
            // While the table does not answer in time, order-worker decides.
            assert!([202, 410].contains(&cancelled.status), "{}", cancelled.body);
            assert_eq!(system.read_json(&["trace", id, "--json"])["stage"], "erased");
            assert_eq!(system.find_mail(id), Vec::<Value>::new());
            assert_eq!(claims(system, id).await, 0);
            let names: Vec<String> = item(system, id).await.unwrap().into_keys().collect();
            for name in &names {
                assert!(
                    ["order_id", "schema_version", "status", "erased_at"].contains(&&**name),
                    "{names:?}"
                );
            }
        }
        assert_eq!(system.list_dead_letters(&self.token), Vec::<Value>::new());
        eventually("the list is empty", async || {
            list(system, &self.id).is_empty().then_some(())
        })
        .await;
        let found = erase(system, &["--customer", &self.id, "--dry-run", "--json"]);
        assert_eq!(found["found"]["orders"], json!([]), "{found}");
    }
}

async fn read(system: &System, id: &str) -> Answer {
    system
        .request(|http, url| http.get(format!("{url}/orders/{id}")))
        .await
}

async fn item(system: &System, id: &str) -> Option<std::collections::HashMap<String, AttributeValue>> {
    let call = system.dynamodb().await.get_item().table_name("orders");
    let call = call
        .key("order_id", AttributeValue::S(id.to_owned()))
        .consistent_read(true);
    call.send().await.unwrap().item
}

/// The claims and marks of an order.
async fn claims(system: &System, id: &str) -> usize {
    let client = system.dynamodb().await;
    let mut found = 0;
    for key in [id.to_owned(), format!("failed#{id}")] {
        let call = client.get_item().table_name("order-claims");
        let call = call.key("order_id", AttributeValue::S(key)).consistent_read(true);
        found += usize::from(call.send().await.unwrap().item.is_some());
    }
    found
}

/// The customer's orders, as the API lists them.
fn list(system: &System, customer: &str) -> Vec<Value> {
    system.read_json_lines(&["list", "--customer", customer, "--json"])
}

/// Runs `erase`, which succeeds, and returns what it printed.
fn erase(system: &System, arguments: &[&str]) -> Value {
    system.read_json(&[&["erase"], arguments].concat())
}

#[tokio::test]
async fn an_erased_customer_is_gone_and_neither_a_replay_nor_a_repeated_request_brings_an_order_back() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let customer = Customer::of(&system).await;
    let other = system.place(&sample_of_new_customer("order.json")).await;
    let others = system.wait_until_notified(&other).await;

    let dry = erase(&system, &["--customer", &customer.id, "--dry-run", "--json"]);
    assert_eq!(
        dry["found"],
        json!({"orders": sorted(&customer), "rows": 1, "claims": 2, "dead_letters": 1, "shared_letters": 0, "emails": 1, "waiting_messages": 0}),
    );
    assert_eq!(dry["erased"], Value::Null);
    assert_eq!(read(&system, &customer.stored).await.status, 200);
    let refused = system.orderctl(&["erase", "--customer", &customer.id]);
    assert_eq!(refused.status.code(), Some(1), "there is no terminal to ask on");

    let done = erase(&system, &["--customer", &customer.id, "--yes", "--json"]);
    assert_eq!(
        done["erased"],
        json!({"orders": 2, "claims": 2, "dead_letters": 1, "emails": 1, "not_deleted": 0, "unread_queues": 0, "shared_letters": 0}),
    );
    customer.assert_gone(&system).await;

    // The messages arrive once more: the order, its event, and the one that failed.
    let mut copy = order_core::OrderMessage::new(
        customer.stored.parse().unwrap(),
        "2026-11-23T09:35:00.123Z".parse().unwrap(),
        order_core::Order::restore(&customer.order).unwrap(),
    )
    .to_json();
    system.send("orders", &copy).await;
    copy = copy.replace(&customer.stored, &customer.failed);
    system.send("orders", &copy).await;
    let again = system
        .post_with_key_until_decided(&customer.order, &customer.key)
        .await;
    // While the key is not looked up in time, the request is accepted. Then order-worker meets the tombstone.
    assert!([202, 410].contains(&again.status), "{}", again.body);
    let event = order_core::OrderConfirmed {
        order_id: customer.stored.parse().unwrap(),
        accepted_at: "2026-11-23T09:35:00.123Z".parse().unwrap(),
        confirmed_at: "2026-11-23T09:35:01.000Z".parse().unwrap(),
        order: order_core::Order::restore(&customer.order).unwrap(),
        trace: None,
    };
    system.send("notifications", &event.to_json()).await;
    for queue in ["orders", "orders-retry", "notifications", "notifications-retry"] {
        system.wait_until_empty(queue).await;
    }
    eventually("a late claim is erased", async || {
        erase(&system, &["--order", &customer.stored, "--yes", "--json"]);
        (claims(&system, &customer.stored).await == 0).then_some(())
    })
    .await;
    customer.assert_gone(&system).await;

    // A message that can never succeed is a dead letter all the same. It is erased again.
    system.send("orders", &customer.message).await;
    system.wait_for_dead_letter(&customer.token).await;
    eventually("the letter and its mark are erased", async || {
        erase(&system, &["--order", &customer.failed, "--yes", "--json"]);
        (claims(&system, &customer.failed).await == 0 && system.list_dead_letters(&customer.token).is_empty())
            .then_some(())
    })
    .await;
    customer.assert_gone(&system).await;
    assert_eq!(
        read(&system, &other).await.body,
        others,
        "the other customer keeps what is his"
    );
}

/// The other orders of a digest keep their news.
#[tokio::test]
async fn an_erased_order_leaves_its_digest_to_the_other_orders() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let directory = tempfile::tempdir().unwrap();
    let journal = directory.path().join("journal.jsonl");
    let journal = journal.to_str().unwrap();
    let load = system.orderctl(&["load", "--count", "200", "--journal", journal]);
    assert!(load.status.success(), "{load:?}");
    let line = std::fs::read_to_string(journal).unwrap();
    let accepted = line
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let ids: Vec<String> = accepted
        .filter_map(|line| line["order_id"].as_str().map(str::to_owned))
        .collect();
    let is_of_digest = |id: &&String| {
        let mail = system.find_mail(id);
        mail.iter()
            .any(|mail| !mail["body"].as_str().unwrap().ends_with("covers 1 order.\n"))
    };
    let erased = ids
        .iter()
        .find(is_of_digest)
        .expect("a load of 200 orders has a digest");
    erase(&system, &["--order", erased, "--yes", "--json"]);
    assert_eq!(system.find_mail(erased), Vec::<Value>::new());
    let verified = system.read_json(&["verify", "--journal", journal, "--json"]);
    assert_eq!(
        (&verified["erased"], &verified["doubly_notified"]),
        (&json!(1), &json!(0)),
        "{verified}"
    );
}

/// The other orders of an email that was not delivered have no other news. Its letter stays, and so does what finds the orders again.
#[tokio::test]
async fn an_undelivered_digest_stays_and_the_same_command_finds_its_orders_again() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let order = sample_of_new_customer("order.json");
    let customer = order["customer"]["id"].as_str().unwrap();
    let id = system.place(&order).await;
    system.wait_until_notified(&id).await;
    let digest = format!("  {id}  EUR 1.00\n\n--\nNotification n covers 2 orders.\n");
    let letter = json!({ "Type": "Notification", "Subject": "2 orders confirmed", "Message": digest });
    system.send("emails-delivery-dlq", &letter.to_string()).await;
    let run = || {
        let output = system.orderctl(&["erase", "--customer", customer, "--yes", "--json"]);
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), document)
    };
    for new_tombstones in [1, 0] {
        let (code, document) = run();
        assert_eq!(
            (code, &document["found"]["orders"]),
            (Some(1), &json!([id])),
            "{document}"
        );
        assert_eq!(document["erased"]["orders"], new_tombstones);
        assert_eq!(document["erased"]["shared_letters"], 1);
    }
    let replayed = system.orderctl(&["dlq", "replay", "--queue", "emails", "--all"]);
    assert!(replayed.status.success(), "{replayed:?}");
    eventually("the digest was delivered", async || {
        (!system.find_mail(&id).is_empty()).then_some(())
    })
    .await;
    let (code, document) = run();
    assert_eq!(
        (code, &document["erased"]["shared_letters"]),
        (Some(0), &json!(0)),
        "{document}"
    );
    assert_eq!(system.find_mail(&id), Vec::<Value>::new());
    let (_, document) = run();
    assert_eq!(
        document["found"]["orders"],
        json!([]),
        "the customer is forgotten"
    );
}

#[tokio::test]
async fn everything_that_is_stored_of_a_customer_is_exported_and_nothing_of_another() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let customer = Customer::of(&system).await;
    let other = system.place(&sample_of_new_customer("order.json")).await;
    system.wait_until_notified(&other).await;
    let digest = format!(
        "Orders\n  {}  EUR 1.00\n  {other}  EUR 2.00\n\n--\nNotification n covers 2 orders.\n",
        customer.stored
    );
    let letter = json!({ "Type": "Notification", "Subject": "2 orders confirmed", "Message": digest });
    system.send("emails-delivery-dlq", &letter.to_string()).await;

    let audit = sandbox.file("audit.jsonl");
    let export = |customer: &str| {
        let mut command = sandbox.orderctl();
        command.args(["export", "--customer", customer, "--everything"]);
        command.args(["--actor", "auditor", "--audit-log"]).arg(&audit);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        let lines = printed.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect::<Vec<Value>>()
    };
    let pieces = export(&customer.id);
    let found: Vec<[&Value; 2]> = pieces
        .iter()
        .map(|piece| [&piece["place"], &piece["order_ids"]])
        .collect();
    let (stored, failed) = (json!([customer.stored]), json!([customer.failed]));
    // The orders of a place come in the sequence of their ids.
    let expected = [
        [&json!("row"), &stored],
        [&json!("claim"), &json!([sorted(&customer)[0]])],
        [&json!("claim"), &json!([sorted(&customer)[1]])],
        [&json!("dead_letter"), &failed],
        [&json!("dead_letter"), &stored],
        [&json!("email"), &stored],
    ];
    assert_eq!(found, expected, "{pieces:?}");
    assert_eq!(pieces[0]["data"]["customer_id"], customer.id);
    assert_eq!(pieces[3]["data"]["body"], customer.message);
    let text = pieces[4]["data"]["body"].as_str().unwrap();
    assert!(
        text.contains(&customer.stored) && text.contains("\n  an order of another customer\n"),
        "{text}"
    );
    let all = json!(pieces).to_string();
    assert!(!all.contains(&other), "{all}");

    let lines = std::fs::read_to_string(&audit).unwrap();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["action"], &first["queue"], &first["selection"]["ids"]),
        (&json!("reveal"), &json!("customer"), &json!([customer.id])),
    );
    assert_eq!(first["actor"], "auditor", "{first}");
    let refused = system.orderctl(&[
        "export",
        "--customer",
        "c",
        "--everything",
        "--status",
        "confirmed",
    ]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(export("nobody-1"), Vec::<Value>::new());
}

fn sorted(customer: &Customer) -> Vec<&str> {
    let mut ids = vec![&*customer.stored, &*customer.failed];
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn an_erasure_that_died_after_its_tombstones_is_finished_by_the_same_command() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let customer = Customer::of(&system).await;
    // The state after the first step: everything else is still there.
    for id in [&customer.stored, &customer.failed] {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let put = system.dynamodb().await.put_item().table_name("orders");
        put.item("order_id", text(id))
            .item("schema_version", AttributeValue::N("1".to_owned()))
            .item("status", text("erased"))
            .item("erased_at", text("2026-11-29T12:00:00.000Z"))
            .item("customer_id", text(&customer.id))
            .item("accepted_at", text("2026-11-29T12:00:00.000Z"))
            .send()
            .await
            .unwrap();
    }
    assert_eq!(read(&system, &customer.stored).await.status, 410);
    assert_eq!(list(&system, &customer.id), Vec::<Value>::new());
    let done = erase(&system, &["--customer", &customer.id, "--yes", "--json"]);
    assert_eq!(
        done["erased"],
        json!({"orders": 0, "claims": 2, "dead_letters": 1, "emails": 1, "not_deleted": 0, "unread_queues": 0, "shared_letters": 0}),
    );
    customer.assert_gone(&system).await;
    let erased_at = item(&system, &customer.stored).await.unwrap()["erased_at"]
        .as_s()
        .unwrap()
        .clone();
    assert_eq!(erased_at, "2026-11-29T12:00:00.000Z", "the first time counts");
}

#[tokio::test]
async fn an_order_is_erased_before_it_is_stored_and_every_erasure_is_in_the_audit_log() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let order = sample_of_new_customer("order.json");
    let id = Uuid::now_v7().to_string();
    let audit = sandbox.file("audit.jsonl");
    let name = audit.to_str().unwrap();
    let done = erase(&system, &["--order", &id, "--yes", "--json", "--audit-log", name]);
    assert_eq!(done["erased"]["orders"], 1);
    let message = order_core::OrderMessage::new(
        id.parse().unwrap(),
        "2026-11-23T09:35:00.123Z".parse().unwrap(),
        order_core::Order::restore(&order).unwrap(),
    );
    system.send("orders", &message.to_json()).await;
    system.wait_until_empty("orders").await;
    assert_eq!(read(&system, &id).await.status, 410);
    assert_eq!(system.count_rows_of_customer(&order).await, 0);
    assert_eq!(system.find_mail(&id), Vec::<Value>::new());

    let audit = std::fs::read_to_string(audit).unwrap();
    let lines: Vec<Value> = audit
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [begun, ended] = &lines[..] else {
        panic!("{audit}")
    };
    assert_eq!(
        (&begun["action"], &begun["state"], &begun["selection"]["order_id"]),
        (&json!("erase"), &json!("begun"), &json!(id))
    );
    assert_eq!((&ended["state"], &ended["orders"]), (&json!("ended"), &json!(1)));
}
