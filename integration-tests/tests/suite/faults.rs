//! Fault injection: faults from the start, faults that are changed at run time, and a fault run.

use crate::system::{Sandbox, eventually, orderctl, sample, sample_path, start_time_limit};

/// A small `orderctl fault-run`, which by default sends 5,000 orders, and kills functions 20 times and the system five times:
/// a load under faults of every kind and kills, and then the comparison of the accepted orders with rows, events and mail.
#[test]
fn nothing_is_lost_or_doubled_under_faults_and_kills() {
    let _limit = start_time_limit();
    let output = orderctl()
        .args([
            "fault-run",
            "--count",
            "200",
            "--function-kills",
            "2",
            "--system-kills",
            "1",
        ])
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (report, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{errors}\n{report}");
    assert!(report.contains("1  kill -9 of everything"), "{report}");
    assert!(
        report.contains("Nothing was lost, doubled, changed or left without a notification."),
        "{report}"
    );
}

/// An outage needs no plan, hits every call of the functions, and ends by a command. The orders wait for its end.
#[tokio::test]
async fn a_service_is_taken_away_and_comes_back_while_the_system_runs() {
    let system = Sandbox::new().start().await;
    let read = |line: &[&str]| system.read_json_lines(line)[0].clone();
    let state = read(&["faults", "outage", "table", "email", "--json"]);
    assert_eq!(state["outages"], serde_json::json!(["email", "table"]));
    assert_eq!(state["active"], false);
    assert_eq!(read(&["status", "--json"])["faults_active"], true);
    let id = system.place(&sample("order.json")).await;
    eventually("the worker's insert has failed", async || {
        let state = read(&["faults", "--json"]);
        let failed = state["injected"]["outage"]["dynamodb:BatchExecuteStatement"].as_u64();
        failed.filter(|count| *count > 0)
    })
    .await;
    let state = read(&["faults", "outage", "table", "--end", "--json"]);
    assert_eq!(state["outages"], serde_json::json!(["email"]));
    let state = read(&["faults", "off", "--json"]);
    assert_eq!(state["outages"], serde_json::json!([]));
    system.wait_until_notified(&id).await;
}

/// Faults do not affect the operator's own calls: an order is accepted although every call of order-worker fails, and is
/// notified after the faults have ended.
#[tokio::test]
async fn faults_are_shown_changed_and_ended_while_the_system_runs() {
    let sandbox = Sandbox::new();
    let plan = sandbox.file("faults.yaml");
    std::fs::write(
        &plan,
        "seed: 1\ncalls: [{functions: [order-worker], unavailable: 1}]",
    )
    .unwrap();
    let system = sandbox.start_with(&["--faults", plan.to_str().unwrap()]).await;
    let id = system.place(&sample("order.json")).await;
    eventually("the worker's insert has failed", async || {
        let state = &system.read_json_lines(&["faults", "--json"])[0];
        assert_eq!(state["active"], true);
        let failed = state["injected"]["unavailable"]["dynamodb:BatchExecuteStatement"].as_u64();
        failed.filter(|count| *count > 0)
    })
    .await;
    let state = &system.read_json_lines(&["faults", "off", "--json"])[0];
    assert_eq!(state["active"], false);
    system.wait_until_notified(&id).await;

    let sample = sample_path("faults.yaml");
    let state = &system.read_json_lines(&["faults", "set", sample.to_str().unwrap(), "--json"])[0];
    assert_eq!(state["active"], true);
    std::fs::write(&plan, "seed: 1\nfaults: none").unwrap();
    let refused = system.orderctl(&["faults", "set", plan.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("unknown field `faults`"), "{error}");
}
