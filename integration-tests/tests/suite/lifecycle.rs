//! The system's start, its errors at the start, and its end without processes left.

use std::io::BufRead;
use std::process::Stdio;
use std::time::{Duration, Instant};

use integration_tests::process::{children_of, is_alive, signal};

use crate::system::{Sandbox, eventually, orderctl, sample, start_time_limit};

#[tokio::test]
async fn a_stop_leaves_no_process_behind() {
    let sandbox = Sandbox::new();
    for name in ["TERM", "INT"] {
        let mut system = sandbox.start().await;
        let id = system.place(&sample("order.json")).await;
        system.wait_until_stored(&id).await;
        let children = children_of(system.process_id()).unwrap();
        assert!(children.len() >= 3, "{children:?}");
        let started = Instant::now();
        signal(name, system.process_id()).unwrap();
        assert!(system.wait_for_end().await.success());
        // A limit, not a measurement: `up` ends its own stop after 1.9 seconds, and a long poll would wait for 20.
        assert!(
            started.elapsed() < Duration::from_secs(15),
            "{:?}",
            started.elapsed()
        );
        // On a busy machine the system may end before its functions.
        wait_for_ends_of(&children).await;
    }
}

/// A stop in the middle of work is clean, or says by its exit code that it was not. Nothing is lost either way.
#[tokio::test]
async fn a_stop_of_a_busy_system_loses_nothing() {
    let sandbox = Sandbox::new();
    let mut system = sandbox.start().await;
    let mut accepted = Vec::new();
    for _ in 0..60 {
        accepted.push(system.place(&sample("order.json")).await);
    }
    signal("TERM", system.process_id()).unwrap();
    let status = system.wait_for_end().await;
    assert!(matches!(status.code(), Some(0 | 1)), "{status}");
    let system = sandbox.start().await;
    for id in &accepted {
        system.wait_until_stored(id).await;
    }
}

#[tokio::test]
async fn a_crash_leaves_no_process_behind() {
    let sandbox = Sandbox::new();
    let mut system = sandbox.start().await;
    let children = children_of(system.process_id()).unwrap();
    system.kill().await;
    wait_for_ends_of(&children).await;
}

async fn wait_for_ends_of(functions: &[u32]) {
    eventually("the functions have ended", async || {
        (!functions.iter().any(|function| is_alive(*function).unwrap())).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_second_system_in_the_same_directory_does_not_start() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let second = sandbox.up().stdin(Stdio::null()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(error.contains(&system.process_id().to_string()), "{error}");
    assert!(
        error.contains(sandbox.data_dir().file_name().unwrap().to_str().unwrap()),
        "{error}"
    );
    // The first system still works.
    let id = system.place(&sample("order.json")).await;
    system.wait_until_stored(&id).await;
}

#[tokio::test]
async fn a_port_in_use_is_named_with_its_flag() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for flag in ["--api-port", "--aws-port"] {
        let sandbox = Sandbox::new();
        let mut command = sandbox.orderctl();
        command.arg("up");
        let other = if flag == "--api-port" {
            "--aws-port"
        } else {
            "--api-port"
        };
        let output = command
            .args([flag, &port, other, "0"])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(&port) && error.contains(flag), "{error}");
    }
}

#[tokio::test]
async fn a_parameter_that_breaks_a_rule_is_refused_and_a_function_that_cannot_start_ends_up() {
    for (value, reason) in [
        // Before anything starts.
        ("https://a.example/", "it must match the pattern"),
        // The template's pattern allows the port, and order-api does not.
        ("https://a.example:443", "function order-api cannot start"),
    ] {
        let sandbox = Sandbox::new();
        let mut command = sandbox.up();
        let command = command.args(["--parameter", &format!("AllowedOrigins={value}")]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let (text, error) = (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        );
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(reason) && !text.contains("is up"), "{text}{error}");
        assert!(!sandbox.file("ready.json").exists());
        if reason.contains("order-api") {
            // The reason of the function itself.
            assert!(error.contains("ALLOWED_ORIGINS"), "{error}");
        }
    }
}

#[tokio::test]
async fn an_ephemeral_system_writes_nothing() {
    let sandbox = Sandbox::new();
    let mut system = sandbox.start_with(&["--ephemeral"]).await;
    let id = system.place(&sample("order.json")).await;
    system.wait_until_notified(&id).await;
    assert!(sandbox.file("ready.json").exists());
    assert!(system.stop().await.success());
    assert!(!sandbox.data_dir().exists());
    // Another program must not take a stopped system for a ready one.
    assert!(!sandbox.file("ready.json").exists());
}

#[tokio::test]
async fn the_sync_mode_for_power_cuts_works() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&["--sync", "full"]).await;
    let id = system.place(&sample("order.json")).await;
    system.wait_until_notified(&id).await;
}

#[tokio::test]
async fn the_dynamodb_command_serves_until_its_input_ends() {
    let _limit = start_time_limit();
    let mut child = orderctl()
        .arg("dynamodb")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut url = String::new();
    std::io::BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut url)
        .unwrap();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .endpoint_url(url.trim())
        .region(aws_sdk_dynamodb::config::Region::from_static("us-east-1"))
        .credentials_provider(aws_sdk_sqs::config::Credentials::for_tests())
        .build();
    let dynamodb = aws_sdk_dynamodb::Client::from_conf(config);
    let tables = dynamodb.list_tables().send().await.unwrap();
    assert_eq!(tables.table_names(), [] as [String; 0]);
    drop(child.stdin.take());
    let status = eventually("the process has ended", async || child.try_wait().unwrap()).await;
    assert!(status.success());
}
