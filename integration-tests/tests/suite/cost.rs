//! The units that AWS would bill, counted where the calls pass.

use serde_json::{Value, json};

use crate::system::{Sandbox, System, eventually, sample_of_new_customer};

/// A chunk of a payload, of which SQS and SNS bill each, in bytes.
const CHUNK: usize = 64 * 1024;

/// The units of the sources of the first stack.
async fn usage(system: &System) -> Value {
    let url = format!("{}/_local/usage", system.aws_endpoint_url);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    let mut answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    answer["usage"]["stack"].take()
}

/// Places an order, waits for its email and until its messages are deleted, and returns what it added to some units.
async fn units_of(system: &System, order: &Value) -> Value {
    let before = usage(system).await;
    let id = system.place(order).await;
    system.wait_until_notified(&id).await;
    for queue in ["orders", "notifications"] {
        system.wait_until_empty(queue).await;
    }
    let after = usage(system).await;
    let added = |source: &str, unit: &str| {
        let count = |usage: &Value| usage[source][unit].as_u64().unwrap_or(0);
        count(&after) - count(&before)
    };
    json!({
        "sent": added("function order-api", "sqs_requests"),
        "orders": added("function order-worker", "sqs_requests"),
        "published": added("function order-worker", "sns_requests"),
        "rows": added("function order-worker", "dynamodb_write_units"),
        "rows in the index": added("function order-worker", "dynamodb_index_write_units"),
        "notifications": added("function notifier", "sqs_requests"),
        "marks": added("function notifier", "dynamodb_write_units"),
        "marks in the index": added("function notifier", "dynamodb_index_write_units"),
        "emails": added("topics", "sns_emails"),
        "invocations of order-worker": added("function order-worker", "lambda_requests"),
    })
}

/// An order whose JSON has nearly as many bytes as the API takes, so that its message has more than a chunk.
fn order_of_two_chunks() -> Value {
    let mut order = sample_of_new_customer("order.json");
    let mut item = order["items"][0].clone();
    item["unit_price"] = json!("1.00");
    item["quantity"] = json!(1);
    // Four bytes for each of the 200 characters that a name may have.
    item["name"] = json!("\u{1f375}".repeat(200));
    order["items"] = json!([]);
    let mut total = 0;
    loop {
        let mut longer = order.clone();
        longer["items"].as_array_mut().unwrap().push(item.clone());
        total += 1;
        longer["total"] = json!(format!("{total}.00"));
        if longer.to_string().len() > CHUNK {
            break;
        }
        order = longer;
    }
    // The rest is in the note.
    let left = CHUNK - order.to_string().len();
    let note = order["note"].as_str().unwrap().len();
    order["note"] = json!("x".repeat((note + left).min(1000)));
    order
}

#[tokio::test]
async fn an_order_is_counted_in_the_units_that_aws_bills() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let small = units_of(&system, &sample_of_new_customer("order.json")).await;
    // A receive and a deletion of each message; a row and its mark of at most 1 KB, and the key of the row in the index.
    let expected = json!({
        "sent": 1,
        "orders": 2,
        "published": 1,
        "rows": 1,
        "rows in the index": 1,
        "notifications": 2,
        "marks": 1,
        "marks in the index": 0,
        "emails": 1,
        "invocations of order-worker": 1,
    });
    assert_eq!(small, expected);

    let order = order_of_two_chunks();
    let bytes = order.to_string().len();
    assert!((CHUNK - 100..=CHUNK).contains(&bytes), "{bytes}");
    let large = units_of(&system, &order).await;
    println!("{large}");
    let of = |name: &str| large[name].as_u64().unwrap();
    // The message has more than 64 KB: its send is two requests, and so is its receive; its deletion stays one.
    assert_eq!((of("sent"), of("orders")), (2, 3), "{large}");
    assert_eq!((of("published"), of("notifications")), (2, 3), "{large}");
    // The mark writes the whole row again. The index has its key alone, which the mark does not change.
    assert_eq!(of("marks"), of("rows"), "{large}");
    assert_eq!(
        (of("rows in the index"), of("marks in the index")),
        (1, 0),
        "{large}"
    );
    assert!((60..=70).contains(&of("rows")), "{large}");
    assert_eq!(of("emails"), 1);
}

/// Half a read unit for up to 4 KB of keys, and half of one for each row of up to 4 KB.
#[tokio::test]
async fn a_list_is_counted_by_its_keys_and_its_rows() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let order = sample_of_new_customer("order.json");
    for _ in 0..3 {
        let id = system.place(&order).await;
        system.wait_until_notified(&id).await;
    }
    let half_units = async || {
        let usage = usage(&system).await;
        usage["function order-api"]["dynamodb_read_half_units"].as_u64()
    };
    let before = half_units().await.unwrap();
    let customer = order["customer"]["id"].as_str().unwrap();
    let list = system
        .request(|http, url| http.get(format!("{url}/orders?customer_id={customer}")))
        .await;
    assert_eq!(list.body["orders"].as_array().unwrap().len(), 3, "{}", list.body);
    assert_eq!(half_units().await.unwrap() - before, 1 + 3);
}

/// The command multiplies the same units by its prices.
#[tokio::test]
async fn the_command_prices_the_orders_since_a_point() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let run = |arguments: &[&str]| {
        let output = sandbox.orderctl().arg("cost").args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let bill = |arguments: &[&str]| -> Value {
        let (code, out, error) = run(&[arguments, &["--json"]].concat());
        assert_eq!(code, Some(0), "{error}");
        serde_json::from_str(&out).unwrap()
    };
    let (code, _, error) = run(&[]);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("no order was stored"), "{error}");

    system
        .wait_until_notified(&system.place(&sample_of_new_customer("order.json")).await)
        .await;
    eventually("the metrics of the first order are there", async || {
        (bill(&[])["orders"]["notified"] == 1).then_some(())
    })
    .await;
    let before = sandbox.file("before.json");
    std::fs::write(&before, bill(&[]).to_string()).unwrap();
    let since = ["--since", before.to_str().unwrap()];
    assert_eq!(bill(&since)["orders"]["stored"], 0);

    for _ in 0..2 {
        let id = system.place(&sample_of_new_customer("order.json")).await;
        system.wait_until_notified(&id).await;
    }
    let bill = eventually("the metrics of all orders are there", async || {
        let bill = bill(&since);
        (bill["orders"]["notified"] == 2).then_some(bill)
    })
    .await;
    assert_eq!(bill["version"], 1);
    assert_eq!(bill["orders"], json!({"accepted": 2, "stored": 2, "notified": 2}));
    // Each order has an email of its own, at 2 dollars for 100,000.
    assert_eq!(bill["units"]["sns_emails"], 2);
    assert_eq!(bill["usd_per_million_for_emails"], 20.0);
    // The row and its mark in the table, and the key of the row in the index, at 0.625 dollars for a million units.
    let items = bill["items"].as_array().unwrap();
    let of = |what: &str| items.iter().find(|item| item["what"] == what).unwrap();
    assert_eq!(of("write units of tables")["usd_per_million"], 1.25);
    assert_eq!(of("write units of indexes")["usd_per_million"], 0.625);
    // Four queues are polled, whether there are orders or not.
    assert_eq!(bill["idle_month"]["polled_queues"], 4);
    assert_eq!(bill["idle_month"]["empty_receives"], 4 * 657_000);

    let (code, text, error) = run(&[]);
    assert_eq!(code, Some(0), "{error}");
    assert!(
        text.starts_with("One million orders, by what 3 stored orders used"),
        "{text}"
    );
    assert!(text.contains("An idle month: "), "{text}");
}
