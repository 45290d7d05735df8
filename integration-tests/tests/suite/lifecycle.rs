//! Starting, refusing to start, and ending without a trace.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::system::{Home, children_of, eventually, is_alive, sample, signal};

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
        // The promise itself, not a measurement: `up` ends its own stop at 1.9 s.
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(!children.into_iter().any(is_alive));
    }
}

#[tokio::test]
async fn a_crash_leaves_no_process_behind() {
    let home = Home::new();
    let mut system = home.start().await;
    let children = children_of(system.process_id());
    system.kill().await;
    eventually("the functions have followed", async || {
        (!children.iter().any(|child| is_alive(*child))).then_some(())
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
