//! `status` and `confirm`.

use serde_json::Value;

use crate::system::{Sandbox, orderctl, sample_path};

#[tokio::test]
async fn the_status_shows_what_is_wrong_and_the_command_that_helps() {
    let sandbox = Sandbox::new();
    let mut system = sandbox.start_with(&["--confirm-manually"]).await;
    let run = |arguments: &[&str]| {
        let output = sandbox.orderctl().args(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let status = || -> (Option<i32>, Value) {
        let (code, out, error) = run(&["status", "--json"]);
        (
            code,
            serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out} {error}")),
        )
    };
    // The email subscription waits for its confirmation.
    let (code, pending) = status();
    assert_eq!(
        (code, &pending["version"], &pending["status"]),
        (Some(1), &1.into(), &"degraded".into())
    );
    assert_eq!(pending["problems"][0]["code"], "subscription");
    assert_eq!(pending["stack"], "orders");
    assert_eq!(pending["faults_active"], false);
    assert!(pending["disk_bytes"].as_u64().unwrap() > 0);
    let command = pending["problems"][0]["command"].as_str().unwrap();
    assert!(command.contains(" confirm arn:aws:sns:"), "{command}");
    let (code, out, _) = run(&["status"]);
    assert_eq!(code, Some(1));
    assert!(out.contains(command), "{out}");

    // Each printed command can be typed.
    let arn = command
        .split_whitespace()
        .find(|word| word.starts_with("arn:"))
        .unwrap();
    let (code, _, error) = run(&["confirm", arn]);
    assert_eq!(code, Some(0), "{error}");
    let (code, ok) = status();
    assert_eq!((code, &ok["status"]), (Some(0), &"ok".into()), "{ok}");
    assert_eq!(run(&["confirm", &format!("{arn}0")]).0, Some(1));

    system.send("orders", "no order").await;
    system.wait_for_dead_letter("no order").await;
    let (code, with_letter) = status();
    assert_eq!(code, Some(1));
    assert_eq!(with_letter["problems"][0]["code"], "dead_letters");
    let queues = with_letter["queues"].as_array().unwrap();
    let letters = queues.iter().find(|queue| queue["name"] == "orders-dlq").unwrap();
    assert_eq!(
        (&letters["visible"], &letters["is_dead_letter_queue"]),
        (&1.into(), &true.into())
    );

    assert_eq!(
        run(&["faults", "set", sample_path("faults.yaml").to_str().unwrap()]).0,
        Some(0)
    );
    assert_eq!(status().1["faults_active"], true);

    system.stop().await;
    let (code, out, _) = run(&["status", "--json"]);
    let down: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &down["status"]), (Some(3), &"down".into()));
    assert_eq!(run(&["status"]).0, Some(3));
}

/// There is no `CloudFormation` on this machine: the options name the resources.
#[tokio::test]
async fn the_status_of_a_stack_on_aws_is_read_from_its_services() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&["--confirm-manually"]).await;
    let run = |arguments: &[&str]| {
        let mut command = orderctl();
        command
            .args(["--target", "aws", "--region", "us-east-1"])
            .args(arguments)
            .args(["status", "--json"])
            .env("AWS_ENDPOINT_URL", &system.aws_endpoint_url)
            .env("AWS_ACCESS_KEY_ID", "operator")
            .env("AWS_SECRET_ACCESS_KEY", "operator")
            .env_remove("AWS_PROFILE");
        command.output().unwrap()
    };
    let unknown = run(&[]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("--stack"));
    let output = run(&[
        "--orders-queue-url",
        "orders",
        "--orders-dlq-url",
        "orders-dlq",
        "--notifications-queue-url",
        "notifications",
        "--notifications-dlq-url",
        "notifications-dlq",
        "--orders-table",
        "orders",
        "--order-events-topic-arn",
        "arn:aws:sns:us-east-1:000000000000:order-events",
        "--order-emails-topic-arn",
        "arn:aws:sns:us-east-1:000000000000:order-emails",
    ]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{error}");
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&status["target"], &status["disk_bytes"]),
        (&"aws".into(), &Value::Null)
    );
    assert_eq!(status["queues"].as_array().unwrap().len(), 4);
    // Only the email subscription is pending.
    assert_eq!(status["problems"].as_array().unwrap().len(), 1, "{status}");
    let command = status["problems"][0]["command"].as_str().unwrap();
    assert!(
        command.starts_with("aws sns subscribe --topic-arn arn:aws:sns:"),
        "{command}"
    );
}
