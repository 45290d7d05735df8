//! A plan without faults has the settings of the deployed template.

#![expect(clippy::expect_used, reason = "a template of another form fails the test")]

use simulation::Plan;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// Reads the default of a parameter.
fn read_default(parameter: &str) -> u32 {
    let (_, text) = TEMPLATE
        .split_once(&format!("\n  {parameter}:\n"))
        .expect("the parameter");
    let (_, text) = text.split_once("    Default: ").expect("its default");
    let line = text.lines().next().expect("a line");
    line.trim_matches('"').parse().expect("a number")
}

/// Reads a number from a resource.
fn read_number(resource: &str, property: &str) -> u32 {
    let (_, text) = TEMPLATE
        .split_once(&format!("\n  {resource}:\n"))
        .expect("the resource");
    let (_, text) = text
        .split_once(&format!("      {property}: "))
        .expect("its property");
    text.lines()
        .next()
        .and_then(|line| line.parse().ok())
        .expect("a number")
}

#[test]
fn a_plan_without_faults_is_set_up_as_deployed() {
    let setup = Plan::without_faults(1, 1).setup;
    assert_eq!(setup.orders_batch, read_default("OrdersBatchSize"));
    assert_eq!(setup.notifications_batch, read_default("NotificationsBatchSize"));
    assert_eq!(setup.max_receives, read_default("MaxReceiveCount"));
    assert_eq!(setup.max_retry_seconds, read_default("MaxRetrySeconds"));
    assert_eq!(setup.digest_threshold, read_default("DigestThreshold"));
    assert_eq!(setup.visibility, read_number("OrdersQueue", "VisibilityTimeout"));
    assert_eq!(
        setup.visibility,
        read_number("NotificationsQueue", "VisibilityTimeout")
    );
    assert_eq!(
        setup.worker_timeout,
        read_number("OrderWorkerFunction", "Timeout")
    );
    assert_eq!(setup.notifier_timeout, read_number("NotifierFunction", "Timeout"));
}
