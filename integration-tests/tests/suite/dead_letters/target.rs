//! `dlq` on a stack of AWS, which flags and an endpoint select.

use super::setup::{read_audit_log, send_dead_letters, stdout_of};
use crate::system::Sandbox;

/// `--target aws` asks `CloudFormation` for the resources that no flag names. With all flags it needs neither
/// `CloudFormation` nor a data directory.
#[tokio::test]
async fn a_target_on_aws_is_found_by_flags_and_an_endpoint() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    send_dead_letters(&system, 1).await;
    let run = |arguments: &[&str]| {
        let mut command = crate::system::orderctl();
        command
            .args(["--target", "aws", "--region", "us-east-1"])
            .args(arguments)
            .env("AWS_ENDPOINT_URL", &system.aws_endpoint_url)
            .env("AWS_ACCESS_KEY_ID", "operator")
            .env("AWS_SECRET_ACCESS_KEY", "operator")
            .env_remove("AWS_PROFILE");
        command.output().unwrap()
    };
    let listed = stdout_of(&run(&[
        "--orders-dlq-url",
        "orders-dlq",
        "--orders-queue-url",
        "orders",
        "dlq",
        "list",
        "--queue",
        "orders",
    ]));
    assert!(listed.contains("1 dead letter: 1 timeout"), "{listed}");
    let log = sandbox.file("audit.jsonl");
    let replayed = stdout_of(&run(&[
        "--orders-dlq-url",
        "orders-dlq",
        "--orders-queue-url",
        "orders",
        "--orders-table",
        "orders",
        "dlq",
        "replay",
        "--queue",
        "orders",
        "--reason",
        "timeout",
        "--audit-log",
        log.to_str().unwrap(),
    ]));
    assert_eq!(replayed, "replayed 1, failed 0, skipped 0\n");
    // The actor is the ARN that STS returns.
    let actor = read_audit_log(&log)[0]["actor"].as_str().unwrap().to_owned();
    assert!(actor.starts_with("arn:aws:"), "{actor}");
    // There is no CloudFormation on this machine, and the error names the flags to use instead.
    let unknown = run(&["dlq", "list"]);
    assert_eq!(unknown.status.code(), Some(1));
    let error = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(
        error.contains("--stack") && error.contains("--orders-dlq-url"),
        "{error}"
    );
}
