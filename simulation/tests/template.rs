//! A calm day has the functions and queues as they are deployed.

#![expect(clippy::expect_used, reason = "a template of another shape is a failed test")]

use simulation::Plan;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// A parameter's default.
fn default(parameter: &str) -> u32 {
    let (_, text) = TEMPLATE
        .split_once(&format!("\n  {parameter}:\n"))
        .expect("the parameter");
    let (_, text) = text.split_once("    Default: ").expect("its default");
    let line = text.lines().next().expect("a line");
    line.trim_matches('"').parse().expect("a number")
}

/// A number in a resource.
fn number(resource: &str, property: &str) -> u32 {
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
fn a_calm_day_is_set_up_as_it_is_deployed() {
    let setup = Plan::calm(1, 1).setup;
    assert_eq!(setup.orders_batch, default("OrdersBatchSize"));
    assert_eq!(setup.notifications_batch, default("NotificationsBatchSize"));
    assert_eq!(setup.max_receives, default("MaxReceiveCount"));
    assert_eq!(setup.digest_threshold, default("DigestThreshold"));
    assert_eq!(setup.visibility, number("OrdersQueue", "VisibilityTimeout"));
    assert_eq!(
        setup.visibility,
        number("NotificationsQueue", "VisibilityTimeout")
    );
    assert_eq!(setup.worker_timeout, number("OrderWorkerFunction", "Timeout"));
    assert_eq!(setup.notifier_timeout, number("NotifierFunction", "Timeout"));
}
