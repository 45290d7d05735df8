//! `load` and `verify`: what is promised is written down, and compared with what came of it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::system::{Home, SETTLING, System, eventually, eventually_within, signal};

/// The orders of a journal, as far as it is written.
fn accepted(journal: &Path) -> Vec<Value> {
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

/// The comparison's outcome, which is an error exactly if something is not right.
fn verify(system: &System, journal: &Path) -> Value {
    let output = system.orderctl(&[
        "verify",
        "--journal",
        journal.to_str().unwrap(),
        "--keep-audit",
        "--wait",
        &SETTLING.as_secs().to_string(),
        "--json",
    ]);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(output.status.success(), report["right"] == true, "{report}");
    report
}

fn figures<'a>(report: &'a Value, names: &[&str]) -> Vec<&'a Value> {
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

/// A load that runs beside the test, and ends with it.
struct Load {
    child: Child,
    report: PathBuf,
}

impl Load {
    fn begin(home: &Home, journal: &Path, arguments: &[&str]) -> Self {
        let report = home.file("report.json");
        let child = home
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

    /// Whether all went well, and its report, once it has ended.
    async fn end(mut self) -> (bool, Value) {
        let status = eventually_within(SETTLING, "the load has ended", async || {
            self.child.try_wait().unwrap()
        })
        .await;
        let report = std::fs::read_to_string(&self.report).unwrap();
        (status.success(), serde_json::from_str(&report).unwrap())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // It has ended, unless the test failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Breaks each promise once.
async fn break_everything(system: &System, journal: &Path) {
    let orders = accepted(journal);
    let id = |place: usize| AttributeValue::S(orders[place]["order_id"].as_str().unwrap().to_owned());
    let dynamodb = system.dynamodb().await;
    let row = async |place: usize| {
        let request = dynamodb
            .get_item()
            .table_name("orders")
            .key("order_id", id(place));
        request.send().await.unwrap().item.unwrap()
    };
    // Lost: a row is gone.
    dynamodb
        .delete_item()
        .table_name("orders")
        .key("order_id", id(0))
        .send()
        .await
        .unwrap();
    // Differing: a row says something else, under the fingerprint that it had.
    let mut altered = row(10).await;
    altered.insert(
        "customer_id".to_owned(),
        AttributeValue::S("somebody-else".to_owned()),
    );
    dynamodb
        .put_item()
        .table_name("orders")
        .set_item(Some(altered))
        .send()
        .await
        .unwrap();
    // Doubled: one request has two rows. The second was answered with 202 as well, and there was no event and no email,
    // although its row names one: unpublished and unnotified.
    let second = Uuid::now_v7().to_string();
    let mut copy = row(20).await;
    copy.insert("order_id".to_owned(), AttributeValue::S(second.clone()));
    copy.insert(
        "notification_id".to_owned(),
        AttributeValue::S("an email that never was".to_owned()),
    );
    dynamodb
        .put_item()
        .table_name("orders")
        .set_item(Some(copy))
        .send()
        .await
        .unwrap();
    let mut line = orders[20].clone();
    line["order_id"] = json!(second);
    line["key"] = json!("another key");
    append(journal, &line);
    // A row that nobody was promised, as a mark could make one.
    dynamodb
        .put_item()
        .table_name("orders")
        .item("order_id", AttributeValue::S(Uuid::now_v7().to_string()))
        .item("notification_id", AttributeValue::S("n".to_owned()))
        .send()
        .await
        .unwrap();
    // Unburied: poison that vanished.
    append(
        journal,
        &json!({"type": "poison", "poison": "malformed", "body": "sent and gone"}),
    );
    // Doubly notified: an email is sent once more.
    let email = system.json_lines(&["inbox", "--json"]).remove(0);
    let topics = system
        .sns()
        .await
        .list_topics()
        .send()
        .await
        .unwrap()
        .topics
        .unwrap();
    let topic = topics.iter().find_map(|topic| {
        topic
            .topic_arn
            .as_deref()
            .filter(|arn| arn.ends_with(":order-emails"))
    });
    let publish = system.sns().await.publish().topic_arn(topic.unwrap());
    let publish = publish
        .subject(email["subject"].as_str().unwrap())
        .message(email["body"].as_str().unwrap());
    publish.send().await.unwrap();
}

#[tokio::test]
async fn everything_is_as_promised_until_something_is_broken() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    let journal = home.file("journal");
    let path = journal.to_str().unwrap();
    let load = "load --count 60 --connections 4 --duplicates 20% --poison 20% --seed 1 --json --journal";
    let load: Vec<&str> = load.split(' ').chain([path]).collect();
    let report = system.json_lines(&load).remove(0);
    assert_eq!(
        figures(&report, &["accepted", "confirmed", "notified"]),
        [60, 60, 60],
        "{report}"
    );
    assert!(
        report["duplicates"].as_u64() > Some(0) && report["poison"].as_u64() > Some(0),
        "{report}"
    );

    let right = verify(&system, &journal);
    assert_eq!(right["right"], true, "{right}");
    assert_eq!(figures(&right, &ZERO), [0; 13], "{right}");
    assert_eq!(
        figures(&right, &["accepted", "rows", "marked"]),
        [60, 60, 60],
        "{right}"
    );

    break_everything(&system, &journal).await;
    let wrong = verify(&system, &journal);
    let found = [
        "lost",
        "doubled",
        "differing",
        "unpublished",
        "unnotified",
        "unburied_poison",
        "stray_rows",
    ];
    assert_eq!(figures(&wrong, &found), [1; 7], "{wrong}");
    // The row of the lost order is gone, its event and its email are not.
    for stray in ["stray_events", "stray_emails"] {
        assert!(wrong[stray].as_u64() > Some(0), "{wrong}");
    }
    let before = right["doubly_notified"].as_u64().unwrap();
    assert!(wrong["doubly_notified"].as_u64().unwrap() > before, "{wrong}");
}

/// The system is killed under the load and comes back on other ports; the load finds it again, and nothing that was
/// promised is lost.
#[tokio::test]
async fn a_load_outlives_the_system() {
    let home = Home::new();
    let template = home.template_with_short_visibility();
    let arguments = ["--template", template.to_str().unwrap()];
    let mut system = home.start_with(&arguments).await;
    let journal = home.file("journal");
    let load = Load::begin(
        &home,
        &journal,
        &["--count", "200", "--rate", "50", "--connections", "8"],
    );
    for many in [30, 90] {
        eventually("some orders are accepted", async || {
            (accepted(&journal).len() >= many).then_some(())
        })
        .await;
        system.kill().await;
        system = home.start_with(&arguments).await;
    }
    let (is_good, report) = load.end().await;
    assert!(is_good, "{report}");
    assert_eq!(
        figures(&report, &["accepted", "notified"]),
        [200, 200],
        "{report}"
    );
    let right = verify(&system, &journal);
    assert_eq!(figures(&right, &ZERO), [0; 13], "{right}");
}

/// One connection that needs at least 300 ms for an order cannot keep a rate of 50 a second: the orders wait for it, and
/// the middle one of 20 for more than two seconds. Only who counts from when an order was due sees that.
#[tokio::test]
async fn an_order_that_waits_for_its_turn_waits_in_the_figures_too() {
    let home = Home::new();
    let plan = home.file("faults.yaml");
    std::fs::write(
        &plan,
        "{seed: 1, calls: [{functions: [order-api], delay: {chance: 1, milliseconds: [300, 300]}}]}",
    )
    .unwrap();
    let system = home.start_with(&["--faults", plan.to_str().unwrap()]).await;
    let load = "load --count 20 --rate 50 --connections 1 --seed 1 --json";
    let load: Vec<&str> = load.split(' ').collect();
    let report = system.json_lines(&load).remove(0);
    let middle = report["latency_ms"]["accepted"]["p50"].as_f64().unwrap();
    assert!(middle > 2000.0, "{report}");
}

#[tokio::test]
async fn ctrl_c_ends_a_load_with_its_report() {
    let home = Home::new();
    let system = home.start_with(&[]).await;
    let journal = home.file("journal");
    let load = Load::begin(&home, &journal, &["--count", "100000", "--rate", "20"]);
    eventually("some orders are accepted", async || {
        (accepted(&journal).len() >= 5).then_some(())
    })
    .await;
    signal("INT", load.child.id());
    let (is_good, report) = load.end().await;
    assert!(is_good, "{report}");
    assert_eq!(report["interrupted"], true, "{report}");
    assert_eq!(report["accepted"], accepted(&journal).len(), "{report}");
    let right = verify(&system, &journal);
    assert_eq!(right["right"], true, "{right}");
    // Nothing fails and nothing is sent twice here: there is nothing that explains a repetition.
    assert_eq!(
        figures(&right, &["republished", "doubly_notified"]),
        [0; 2],
        "{right}"
    );
}
