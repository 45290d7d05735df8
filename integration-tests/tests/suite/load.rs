//! `load` and `verify`: the journal of accepted orders, and its comparison with rows, events and mail.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use aws_sdk_dynamodb::types::AttributeValue;
use integration_tests::process::signal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{SETTLE_TIMEOUT, Sandbox, System, eventually, eventually_within};

/// Reads the accepted orders of a journal that may still be written.
fn read_accepted(journal: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(journal).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["type"] == "accepted").collect()
}

fn append(journal: &Path, line: &Value) {
    let text = std::fs::read_to_string(journal).unwrap();
    std::fs::write(journal, format!("{text}{line}\n")).unwrap();
}

/// Runs `verify`, and returns its report. The command must fail exactly if the report is not right.
fn run_verify(system: &System, journal: &Path) -> Value {
    let output = system.orderctl(&[
        "verify",
        "--journal",
        journal.to_str().unwrap(),
        "--keep-audit",
        "--wait",
        &SETTLE_TIMEOUT.as_secs().to_string(),
        "--json",
    ]);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(output.status.success(), report["right"] == true, "{report}");
    report
}

fn pick<'a>(report: &'a Value, names: &[&str]) -> Vec<&'a Value> {
    names.iter().map(|name| &report[*name]).collect()
}

const ZERO: [&str; 13] = [
    "in_flight",
    "lost",
    "doubled",
    "differing",
    "unpublished",
    "unnotified",
    "unburied_poison",
    "misjudged_poison",
    "dead_letters",
    "stray_letters",
    "stray_rows",
    "stray_events",
    "stray_emails",
];

/// A load that runs beside the test, and is killed with it.
struct Load {
    child: Child,
    report: PathBuf,
}

impl Load {
    fn start(sandbox: &Sandbox, journal: &Path, arguments: &[&str]) -> Self {
        let report = sandbox.file("report.json");
        let child = sandbox
            .orderctl()
            .args(["load", "--json", "--journal"])
            .arg(journal)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(File::create(&report).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, report }
    }

    /// Waits for the end of the load. Returns whether it succeeded, and its report.
    async fn wait_for_end(mut self) -> (bool, Value) {
        let status = eventually_within(SETTLE_TIMEOUT, "the load has ended", async || {
            self.child.try_wait().unwrap()
        })
        .await;
        let report = std::fs::read_to_string(&self.report).unwrap();
        (status.success(), serde_json::from_str(&report).unwrap())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // The load has already ended, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Breaks each guarantee once.
async fn break_everything(system: &System, journal: &Path) {
    let orders = read_accepted(journal);
    let id = |place: usize| AttributeValue::S(orders[place]["order_id"].as_str().unwrap().to_owned());
    let dynamodb = system.dynamodb().await;
    let row = async |place: usize| {
        let request = dynamodb
            .get_item()
            .table_name("orders")
            .key("order_id", id(place));
        request.send().await.unwrap().item.unwrap()
    };
    let put = async |item: HashMap<String, AttributeValue>| {
        let request = dynamodb.put_item().table_name("orders").set_item(Some(item));
        request.send().await.unwrap();
    };
    // Lost: a row is deleted.
    dynamodb
        .delete_item()
        .table_name("orders")
        .key("order_id", id(0))
        .send()
        .await
        .unwrap();
    // Differing: a row has another content under the same fingerprint.
    let mut altered = row(10).await;
    altered.insert(
        "customer_id".to_owned(),
        AttributeValue::S("somebody-else".to_owned()),
    );
    put(altered).await;
    // Doubled: one request has two rows. The second row is unpublished and unnotified, too: the journal has its 202, and
    // there is no event and no email, although the row names an email.
    let second = Uuid::now_v7().to_string();
    let mut copy = row(20).await;
    copy.insert("order_id".to_owned(), AttributeValue::S(second.clone()));
    copy.insert(
        "notification_id".to_owned(),
        AttributeValue::S("an email that never was".to_owned()),
    );
    put(copy).await;
    let mut line = orders[20].clone();
    line["order_id"] = json!(second);
    line["key"] = json!("another key");
    append(journal, &line);
    // A stray row: no request has it. A mark without a condition could make one.
    put(HashMap::from([
        (
            "order_id".to_owned(),
            AttributeValue::S(Uuid::now_v7().to_string()),
        ),
        ("notification_id".to_owned(), AttributeValue::S("n".to_owned())),
    ]))
    .await;
    // Poison that was not dead-lettered.
    append(
        journal,
        &json!({"type": "poison", "poison": "malformed", "body": "sent and gone"}),
    );
    // Doubly notified: an email is sent again.
    let email = system.read_json_lines(&["inbox", "--json"]).remove(0);
    let topic = system.topic_arn("order-emails").await;
    let publish = system.sns().await.publish().topic_arn(topic);
    let publish = publish
        .subject(email["subject"].as_str().unwrap())
        .message(email["body"].as_str().unwrap());
    publish.send().await.unwrap();
}

#[tokio::test]
async fn verify_finds_nothing_until_something_is_broken() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let journal = sandbox.file("journal");
    let path = journal.to_str().unwrap();
    let load = "load --count 60 --connections 4 --duplicates 20% --poison 20% --seed 1 --json --journal";
    let load: Vec<&str> = load.split(' ').chain([path]).collect();
    let report = system.read_json_lines(&load).remove(0);
    assert_eq!(
        pick(&report, &["accepted", "confirmed", "notified"]),
        [60, 60, 60],
        "{report}"
    );
    assert!(
        report["duplicates"].as_u64() > Some(0) && report["poison"].as_u64() > Some(0),
        "{report}"
    );

    let right = run_verify(&system, &journal);
    assert_eq!(right["right"], true, "{right}");
    assert_eq!(pick(&right, &ZERO), [0; 13], "{right}");
    assert_eq!(
        pick(&right, &["accepted", "rows", "marked"]),
        [60, 60, 60],
        "{right}"
    );

    break_everything(&system, &journal).await;
    let wrong = run_verify(&system, &journal);
    let found = [
        "lost",
        "doubled",
        "differing",
        "unpublished",
        "unnotified",
        "unburied_poison",
        "stray_rows",
    ];
    assert_eq!(pick(&wrong, &found), [1; 7], "{wrong}");
    // The row of the lost order is deleted, but its event and its email are still there.
    for stray in ["stray_events", "stray_emails"] {
        assert!(wrong[stray].as_u64() > Some(0), "{wrong}");
    }
    let before = right["doubly_notified"].as_u64().unwrap();
    assert!(wrong["doubly_notified"].as_u64().unwrap() > before, "{wrong}");
}

/// The system is killed under the load, and starts again on other ports. The load finds it again, and nothing that was
/// accepted is lost.
#[tokio::test]
async fn a_load_survives_kills_of_the_system() {
    let sandbox = Sandbox::new();
    let template = sandbox.write_template_with_short_visibility();
    let arguments = ["--template", template.to_str().unwrap()];
    let mut system = sandbox.start_with(&arguments).await;
    let journal = sandbox.file("journal");
    let load = Load::start(
        &sandbox,
        &journal,
        &["--count", "200", "--rate", "50", "--connections", "8"],
    );
    for many in [30, 90] {
        eventually("some orders are accepted", async || {
            (read_accepted(&journal).len() >= many).then_some(())
        })
        .await;
        system.kill().await;
        system = sandbox.start_with(&arguments).await;
    }
    let (is_good, report) = load.wait_for_end().await;
    assert!(is_good, "{report}");
    assert_eq!(pick(&report, &["accepted", "notified"]), [200, 200], "{report}");
    let right = run_verify(&system, &journal);
    assert_eq!(pick(&right, &ZERO), [0; 13], "{right}");
}

/// Emails cannot be sent, so that no order is notified. The load ends all the same when its orders are cancelled, and `verify` accepts that no
/// email says that they are confirmed.
#[tokio::test]
async fn a_load_waits_for_no_email_about_a_cancelled_order() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let journal = sandbox.file("journal");
    let outage = system.orderctl(&["faults", "outage", "email"]);
    assert!(outage.status.success(), "{outage:?}");
    let load = Load::start(&sandbox, &journal, &["--count", "3"]);
    let accepted = eventually("the orders are accepted", async || {
        let accepted = read_accepted(&journal);
        (accepted.len() == 3).then_some(accepted)
    })
    .await;
    for order in &accepted {
        let output = system.orderctl(&["cancel", order["order_id"].as_str().unwrap()]);
        assert!(output.status.success(), "{output:?}");
    }
    let (is_good, report) = load.wait_for_end().await;
    assert!(is_good, "{report}");
    let counts = ["accepted", "confirmed", "cancelled", "notified"];
    assert_eq!(pick(&report, &counts), [3, 3, 3, 0], "{report}");
    let end = system.orderctl(&["faults", "off"]);
    assert!(end.status.success(), "{end:?}");
    let right = run_verify(&system, &journal);
    assert_eq!(pick(&right, &ZERO), [0; 13], "{right}");
    assert_eq!(pick(&right, &["cancelled", "doubly_notified"]), [3, 0], "{right}");
}

/// One connection that needs at least 300 ms for an order cannot keep a rate of 50 orders a second. The orders wait, the
/// middle one of 20 for more than two seconds. The latency shows that only if it is measured from the time at which an
/// order was due.
#[tokio::test]
async fn the_latency_of_a_load_includes_the_wait_for_a_connection() {
    let sandbox = Sandbox::new();
    let plan = sandbox.file("faults.yaml");
    std::fs::write(
        &plan,
        "{seed: 1, calls: [{functions: [order-api], delay: {chance: 1, milliseconds: [300, 300]}}]}",
    )
    .unwrap();
    let system = sandbox.start_with(&["--faults", plan.to_str().unwrap()]).await;
    let load = "load --count 20 --rate 50 --connections 1 --seed 1 --json";
    let load: Vec<&str> = load.split(' ').collect();
    let report = system.read_json_lines(&load).remove(0);
    let middle = report["latency_ms"]["accepted"]["p50"].as_f64().unwrap();
    assert!(middle > 2000.0, "{report}");
}

#[tokio::test]
async fn ctrl_c_ends_a_load_with_its_report() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let journal = sandbox.file("journal");
    let load = Load::start(&sandbox, &journal, &["--count", "100000", "--rate", "20"]);
    eventually("some orders are accepted", async || {
        (read_accepted(&journal).len() >= 5).then_some(())
    })
    .await;
    signal("INT", load.child.id()).unwrap();
    let (is_good, report) = load.wait_for_end().await;
    assert!(is_good, "{report}");
    assert_eq!(report["interrupted"], true, "{report}");
    assert_eq!(report["accepted"], read_accepted(&journal).len(), "{report}");
    let right = run_verify(&system, &journal);
    assert_eq!(right["right"], true, "{right}");
    // Without failures and duplicates no repetition is allowed.
    assert_eq!(
        pick(&right, &["republished", "doubly_notified"]),
        [0; 2],
        "{right}"
    );
}
