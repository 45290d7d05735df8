//! A command acts on the system that it was told to act on, and on no other one, whatever the environment says.

use std::process::{Command, Output};

use integration_tests::process::signal;

use super::system::{Sandbox, orderctl, sample_path};

/// Sets the environment of a user whose AWS configuration and proxy are for other things. Nothing listens on port 1.
fn set_hostile_environment(command: &mut Command, sandbox: &Sandbox) {
    let config = sandbox.file("aws-config");
    let text = "[default]\nregion = mars-1\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n\
        retry_mode = nonsense\nmax_attempts = 0\nendpoint_url = http://127.0.0.1:1\nservices = all\n\
        [services all]\nsqs =\n  endpoint_url = http://127.0.0.1:1\ndynamodb =\n  endpoint_url = http://127.0.0.1:1\n";
    std::fs::write(&config, text).unwrap();
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, "http://127.0.0.1:1");
        command.env(name.to_lowercase(), "http://127.0.0.1:1");
    }
    command
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env("AWS_CONFIG_FILE", &config)
        .env("AWS_SHARED_CREDENTIALS_FILE", &config)
        .env("AWS_PROFILE", "no-such-profile")
        .env("AWS_REGION", "mars-1")
        .env("AWS_USE_FIPS_ENDPOINT", "true")
        .env("AWS_USE_DUALSTACK_ENDPOINT", "true")
        .env("AWS_RETRY_MODE", "nonsense")
        .env("AWS_MAX_ATTEMPTS", "0")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1")
        .env("AWS_ENDPOINT_URL_SNS", "http://127.0.0.1:1")
        .env("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:1")
        .env("ORDERS_API_URL", "http://127.0.0.1:1");
}

fn text_of(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn a_hostile_environment_changes_nothing_on_this_machine() {
    let sandbox = Sandbox::new();
    // The functions get their environment from `up`.
    let system = sandbox
        .start_in(&[], |up| set_hostile_environment(up, &sandbox))
        .await;
    let run = |arguments: &[&str]| {
        let mut command = sandbox.orderctl();
        set_hostile_environment(&mut command, &sandbox);
        let (code, out, error) = text_of(&command.args(arguments).output().unwrap());
        assert_eq!(code, Some(0), "{arguments:?}: {error}");
        out
    };
    let file = sample_path("order.json");
    let id = run(&["place", file.to_str().unwrap()]);
    assert!(run(&["get", id.trim(), "--wait"]).contains("EUR 64.60"));
    system.wait_until_notified(id.trim()).await;
    assert!(run(&["inbox"]).contains("EUR 64.60"));
    // After a dead letter it fails as long as the alarm rings.
    assert_ne!(run(&["status"]), "");
    system.send("orders", "no order").await;
    system.wait_for_dead_letter("no order").await;
    assert!(run(&["dlq", "list"]).contains("malformed"));
    assert!(run(&["faults"]).contains("no faults are on"));
    let journal = sandbox.file("journal");
    let journal = journal.to_str().unwrap();
    run(&["load", "--count", "3", "--journal", journal]);
    run(&["verify", "--journal", journal]);
    // `AWS_ENDPOINT_URL` and `ORDERS_API_URL` name another system, and the data directory decides.
    let backup = sandbox.file("backup.jsonl");
    run(&[
        "dlq",
        "purge",
        "--all",
        "--yes",
        "--backup",
        backup.to_str().unwrap(),
    ]);
    assert_eq!(system.count_messages("orders-dlq").await, 0);
}

#[tokio::test]
async fn a_command_does_not_use_what_a_killed_system_left_behind() {
    let sandbox = Sandbox::new();
    let mut system = sandbox.start_with(&[]).await;
    system.kill().await;
    assert!(sandbox.data_dir().join("endpoints.json").exists());
    for arguments in [
        &["dlq", "purge", "--all", "--yes"][..],
        &["inbox"],
        &["faults", "off"],
    ] {
        let (code, _, error) = text_of(&sandbox.orderctl().args(arguments).output().unwrap());
        assert_eq!(code, Some(3), "{error}");
        assert!(error.contains("it was killed"), "{error}");
    }
}

#[tokio::test]
async fn a_command_does_not_act_on_another_system_at_the_same_address() {
    let [mine, other] = [Sandbox::new(), Sandbox::new()];
    let _my_system = mine.start_with(&[]).await;
    let other_system = other.start_with(&[]).await;
    other_system.send("orders", "no order").await;
    other_system.wait_for_dead_letter("no order").await;
    // My file names the other's addresses, as if it had taken the ports of mine.
    let path = mine.data_dir().join("endpoints.json");
    let mut endpoints: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    endpoints["api_url"] = other_system.api_url.clone().into();
    endpoints["aws_endpoint_url"] = other_system.aws_endpoint_url.clone().into();
    std::fs::write(&path, endpoints.to_string()).unwrap();
    let purge = mine
        .orderctl()
        .args(["dlq", "purge", "--all", "--yes"])
        .output()
        .unwrap();
    let (code, _, error) = text_of(&purge);
    assert_eq!(code, Some(3), "{error}");
    assert!(error.contains("another system answers at"), "{error}");
    assert_eq!(other_system.count_messages("orders-dlq").await, 1);
}

#[tokio::test]
async fn a_closed_terminal_stops_the_system_in_an_orderly_way() {
    let sandbox = Sandbox::new();
    let mut system = sandbox.start_with(&[]).await;
    signal("HUP", system.process_id()).unwrap();
    assert!(system.wait_for_end().await.success());
    assert!(!sandbox.data_dir().join("endpoints.json").exists());
}

#[test]
fn contradictions_are_wrong_usage() {
    let _time_limit = super::system::start_time_limit();
    for (arguments, expected) in [
        (&["--target", "aws", "faults", "off"][..], "this machine only"),
        (
            &["--api-url", "127.0.0.1:8080", "place", "x"],
            "http://127.0.0.1:8080",
        ),
        (
            &["--data-dir", "d", "--api-url", "http://127.0.0.1:1", "inbox"],
            "give --aws-endpoint-url too",
        ),
        (
            &[
                "--data-dir",
                "d",
                "--aws-endpoint-url",
                "http://127.0.0.1:1",
                "dlq",
                "list",
            ],
            "--data-dir names a system and its URLs",
        ),
        (
            &["--api-url", "http://127.0.0.1:1", "dlq", "list"],
            "--aws-endpoint-url",
        ),
    ] {
        let (code, _, error) = text_of(&orderctl().args(arguments).output().unwrap());
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
}

#[test]
fn a_bad_setting_for_aws_gets_a_sentence() {
    let sandbox = Sandbox::new();
    for (name, value, expected) in [
        ("AWS_RETRY_MODE", "nonsense", "must be standard or adaptive"),
        ("AWS_MAX_ATTEMPTS", "0", "must be a number above 0"),
        ("AWS_USE_FIPS_ENDPOINT", "perhaps", "AWS_USE_FIPS_ENDPOINT"),
        (
            "AWS_USE_DUALSTACK_ENDPOINT",
            "perhaps",
            "AWS_USE_DUALSTACK_ENDPOINT",
        ),
        ("AWS_REGION", "not a region", "is no AWS region"),
        ("AWS_REGION", "", "no AWS region is set"),
        ("AWS_ENDPOINT_URL", "127.0.0.1:1", "http://127.0.0.1:1"),
        ("AWS_PROFILE", "no-such-profile", "no-such-profile"),
    ] {
        let mut command = orderctl();
        command
            .args(["--target", "aws", "dlq", "list"])
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_DEFAULT_REGION")
            .env_remove("ORDERS_TARGET")
            .env("AWS_CONFIG_FILE", sandbox.file("none"))
            .env("AWS_SHARED_CREDENTIALS_FILE", sandbox.file("none"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", "us-east-1")
            // Nothing listens there.
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
        if name == "AWS_PROFILE" {
            command.env_remove("AWS_ACCESS_KEY_ID");
        } else {
            command
                .env("AWS_ACCESS_KEY_ID", "operator")
                .env("AWS_SECRET_ACCESS_KEY", "operator");
        }
        let (code, _, error) = text_of(&command.env(name, value).output().unwrap());
        assert!(matches!(code, Some(1..=3)), "{name}={value}: {code:?} {error}");
        assert!(
            error.starts_with("error: ") && error.contains(expected),
            "{name}={value}: {error}"
        );
        assert!(!error.contains("panicked"), "{error}");
    }
}
