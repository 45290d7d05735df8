//! Starting, refusing to start, and ending without a trace.

use std::io::BufRead;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::system::{Home, children_of, eventually, is_alive, orderctl, sample, signal};

#[tokio::test]
async fn a_stop_leaves_no_process_behind() {
    let home = Home::new();
    for name in ["TERM", "INT"] {
        let mut system = home.start().await;
        let id = system.place(&sample("order.json")).await;
        system.stored(&id).await;
        let children = children_of(system.process_id());
        assert!(children.len() >= 3, "{children:?}");
        let begun = Instant::now();
        signal(name, system.process_id());
        assert!(system.ended().await.success());
        // The promise itself, not a measurement: `up` ends its own stop at 1.9 s, where a long poll would wait for 20.
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
        // On a busy machine that end may come before theirs, which then follows.
        have_followed(&children).await;
    }
}

#[tokio::test]
async fn a_crash_leaves_no_process_behind() {
    let home = Home::new();
    let mut system = home.start().await;
    let children = children_of(system.process_id());
    system.kill().await;
    have_followed(&children).await;
}

async fn have_followed(functions: &[u32]) {
    eventually("the functions have followed", async || {
        (!functions.iter().any(|function| is_alive(*function))).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_second_system_in_the_same_directory_is_refused() {
    let home = Home::new();
    let system = home.start().await;
    let second = home.up().stdin(Stdio::null()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(error.contains(&system.process_id().to_string()), "{error}");
    assert!(
        error.contains(home.data_dir().file_name().unwrap().to_str().unwrap()),
        "{error}"
    );
    // The first goes on.
    let id = system.place(&sample("order.json")).await;
    system.stored(&id).await;
}

#[tokio::test]
async fn a_taken_port_is_refused_by_name() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for flag in ["--api-port", "--aws-port"] {
        let home = Home::new();
        let mut command = home.orderctl();
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
async fn an_ephemeral_system_writes_nothing() {
    let home = Home::new();
    let mut system = home.start_with(&["--ephemeral"]).await;
    let id = system.place(&sample("order.json")).await;
    system.notified(&id).await;
    assert!(system.stop().await.success());
    assert!(!home.data_dir().exists());
}

#[tokio::test]
async fn a_power_cut_can_be_asked_for() {
    let home = Home::new();
    let system = home.start_with(&["--sync", "full"]).await;
    let id = system.place(&sample("order.json")).await;
    system.notified(&id).await;
}

#[tokio::test]
async fn tables_alone_are_served_until_the_input_ends() {
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
    let status = eventually("it has ended", async || child.try_wait().unwrap()).await;
    assert!(status.success());
}
