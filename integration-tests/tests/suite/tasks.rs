//! Functions as tasks of the system's own process. `run-tasks.sh` runs the other tests on such systems, too.

use integration_tests::process::children_of;
use serde_json::Value;

use crate::system::{Sandbox, eventually, sample};

#[tokio::test]
async fn tasks_have_no_process_and_write_into_the_logs_of_their_functions() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&["--isolation", "task"]).await;
    let id = system.place(&sample("order.json")).await;
    system.wait_until_notified(&id).await;
    assert!(children_of(system.process_id()).unwrap().is_empty());

    let counts = [
        ("order-api", "OrdersAccepted"),
        ("order-worker", "OrdersConfirmed"),
        ("notifier", "OrdersNotified"),
    ];
    for (service, count) in counts {
        let path = sandbox.data_dir().join(format!("logs/{service}.log"));
        let log = eventually(&format!("{service} has logged {count}"), async || {
            let log = std::fs::read_to_string(&path).unwrap();
            log.contains(count).then_some(log)
        })
        .await;
        for line in log.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["service"], service, "{line}");
            let counted = counts.iter().filter(|(_, count)| line.get(count).is_some());
            assert!(counted.into_iter().all(|(owner, _)| *owner == service), "{line}");
        }
    }
}
