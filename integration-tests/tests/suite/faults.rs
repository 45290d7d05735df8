//! Faults on purpose: in force from the start, ended and counted at run time, and survived.

use crate::system::{Home, eventually, orderctl, sample, sample_path};

/// Five thousand orders, twenty killed functions and five killed systems are `orderctl fault-run`; this is the same in
/// small: load, faults of every kind, a system killed and started again, and then the comparison of what was accepted
/// with rows, events and mail.
#[test]
fn nothing_is_lost_or_doubled_under_faults_and_kills() {
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
    let (told, complained) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{complained}\n{told}");
    assert!(told.contains("1  kill -9 of everything"), "{told}");
    assert!(
        told.contains("Nothing was lost, doubled, changed or left without a notification."),
        "{told}"
    );
}

/// The operator is spared: his order is placed although every call of the functions fails, and arrives once they end.
#[tokio::test]
async fn faults_are_shown_changed_and_ended_while_the_system_runs() {
    let home = Home::new();
    let plan = home.file("faults.yaml");
    std::fs::write(
        &plan,
        "seed: 1\ncalls: [{functions: [order-worker], unavailable: 1}]",
    )
    .unwrap();
    let system = home.start_with(&["--faults", plan.to_str().unwrap()]).await;
    let id = system.place(&sample("order.json")).await;
    eventually("the worker's insert has failed", async || {
        let state = &system.json_lines(&["faults", "--json"])[0];
        assert_eq!(state["active"], true);
        let failed = state["injected"]["unavailable"]["dynamodb:BatchExecuteStatement"].as_u64();
        failed.filter(|count| *count > 0)
    })
    .await;
    let state = &system.json_lines(&["faults", "off", "--json"])[0];
    assert_eq!(state["active"], false);
    system.notified(&id).await;

    let sample = sample_path("faults.yaml");
    let state = &system.json_lines(&["faults", "set", sample.to_str().unwrap(), "--json"])[0];
    assert_eq!(state["active"], true);
    std::fs::write(&plan, "seed: 1\nfaults: none").unwrap();
    let refused = system.orderctl(&["faults", "set", plan.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(error.contains("unknown field `faults`"), "{error}");
}
