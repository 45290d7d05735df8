//! A system on this machine keeps to itself: web pages, other users and unknown keys reach nothing.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_sqs::config::Credentials;
use serde_json::Value;
use uuid::Uuid;

use integration_tests::process::children_of;

use crate::system::{Sandbox, System, sample, sample_path};

/// The ports of 127.0.0.1 that a process listens on, from Linux's tables of sockets.
fn listening_ports(process_id: u32) -> BTreeSet<u16> {
    let links = std::fs::read_dir(format!("/proc/{process_id}/fd")).unwrap();
    let sockets: BTreeSet<String> = links
        .filter_map(|link| std::fs::read_link(link.ok()?.path()).ok())
        .filter_map(|target| {
            let inode = target.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    let mut ports = BTreeSet::new();
    for table in ["tcp", "tcp6"] {
        let table = std::fs::read_to_string(format!("/proc/{process_id}/net/{table}")).unwrap_or_default();
        for line in table.lines().skip(1) {
            let fields: Vec<_> = line.split_whitespace().collect();
            // State 0A is LISTEN. The second field is the local address, the tenth the inode.
            if fields[3] == "0A" && sockets.contains(fields[9]) {
                let port = fields[1].rsplit(':').next().unwrap();
                ports.insert(u16::from_str_radix(port, 16).unwrap());
            }
        }
    }
    ports
}

fn port_of(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().parse().unwrap()
}

/// A port that is opened in another way than behind the guard fails here, even if no source shows it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn every_port_of_the_process_refuses_web_pages() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    system
        .wait_until_notified(&system.place(&sample("order.json")).await)
        .await;
    let ports = listening_ports(system.process_id());
    assert!(ports.contains(&port_of(&system.api_url)));
    assert!(ports.contains(&port_of(&system.aws_endpoint_url)));
    // Each function has a process at least, and each process a port of the Runtime API.
    assert!(ports.len() >= 5, "{ports:?}");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for port in ports {
        for (name, value) in [
            ("host", "evil.example"),
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ] {
            for method in [reqwest::Method::GET, reqwest::Method::POST] {
                let request = http.request(method.clone(), format!("http://127.0.0.1:{port}/"));
                let answer = request.header(name, value).send().await.unwrap();
                let status = answer.status().as_u16();
                let body: Value = answer.json().await.unwrap();
                let message = body["message"].as_str().unwrap_or_default();
                assert_eq!(status, 403, "{port} {method} {name}");
                assert!(
                    message.contains("127.0.0.1") || message.contains("AllowedOrigins"),
                    "{body}"
                );
            }
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_secret_of_the_runtime_api_is_in_no_log_and_no_file() {
    let sandbox = Sandbox::new();
    let mut system = sandbox.start_with(&["--parameter", "LogLevel=debug"]).await;
    system
        .wait_until_notified(&system.place(&sample("order.json")).await)
        .await;
    let secrets: Vec<String> = children_of(system.process_id())
        .unwrap()
        .into_iter()
        .filter_map(|child| std::fs::read_to_string(format!("/proc/{child}/environ")).ok())
        .filter_map(|environment| {
            let api = environment
                .split('\0')
                .find_map(|variable| variable.strip_prefix("AWS_LAMBDA_RUNTIME_API="))?;
            api.rsplit_once('/').map(|(_, secret)| secret.to_owned())
        })
        .collect();
    assert!(secrets.len() >= 3, "a process of each function");
    system.kill().await;
    let mut files: Vec<_> = modes(&sandbox.data_dir())
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path.is_file())
        .collect();
    files.push(sandbox.file("up.log"));
    for path in files {
        let content = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&content);
        for secret in &secrets {
            assert!(secret.len() >= 32 && !text.contains(secret), "{}", path.display());
        }
    }
}

#[tokio::test]
async fn a_rebound_name_lists_no_orders() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&[]).await;
    let list = async |host: &'static str| {
        system
            .request(|http, url| {
                http.get(format!("{url}/orders?customer_id=customer-1001"))
                    .header("host", host)
            })
            .await
            .status
    };
    assert_eq!(list("localhost:8080").await, 200);
    assert_eq!(list("evil.example").await, 403);
}

/// Every entry of a directory and below, with the bits of its mode.
fn modes(directory: &Path) -> Vec<(PathBuf, u32)> {
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let mut found = vec![(directory.to_owned(), mode(directory))];
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(modes(&path));
        } else {
            let mode = mode(&path);
            found.push((path, mode));
        }
    }
    found
}

fn assert_private(sandbox: &Sandbox) {
    let data_dir = sandbox.data_dir();
    let found = modes(&data_dir);
    for (path, mode) in &found {
        let allowed = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode & !allowed, 0, "{} has mode {mode:o}", path.display());
    }
    for name in [
        "lock",
        "endpoints.json",
        "outputs.json",
        "state.db",
        "state.db-wal",
        "dynamodb.db",
        "logs/order-api.log",
    ] {
        let path = data_dir.join(name);
        assert!(found.iter().any(|(found, _)| *found == path), "{name} is missing");
    }
}

#[tokio::test]
async fn other_users_can_read_nothing_in_the_data_directory() {
    let sandbox = Sandbox::new();
    let mut system = sandbox.start_with(&[]).await;
    system
        .wait_until_notified(&system.place(&sample("order.json")).await)
        .await;
    let token = format!("poison-{}", Uuid::new_v4());
    system.send("orders", &token).await;
    system.wait_for_dead_letter(&token).await;
    assert_private(&sandbox);
    system.kill().await;

    // As a version before this one left it.
    for (path, _) in modes(&sandbox.data_dir()) {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let _system = sandbox.start_with(&[]).await;
    assert_private(&sandbox);
}

async fn config(system: &System, key: &str) -> aws_config::SdkConfig {
    aws_config::defaults(aws_config::BehaviorVersion::v2026_01_12())
        .region(aws_config::Region::from_static("us-east-1"))
        .endpoint_url(&system.aws_endpoint_url)
        .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
        .load()
        .await
}

/// The commands find the key in the data directory, and a client without it is refused as on AWS.
#[tokio::test]
async fn an_api_with_keys_refuses_callers_without_one_and_those_over_their_quota() {
    let sandbox = Sandbox::new();
    let parameters = ["ApiAuth=API_KEY", "ApiKeyDailyQuota=3"];
    let arguments = parameters.map(|parameter| ["--parameter", parameter]).concat();
    let system = sandbox.start_with(&arguments).await;
    let refused = system
        .request(|http, url| http.post(format!("{url}/orders")).json(&sample("order.json")))
        .await;
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert_eq!(refused.body["type"], "urn:orders:problem:access-denied");

    let ready: Value = serde_json::from_slice(&std::fs::read(sandbox.file("ready.json")).unwrap()).unwrap();
    let key = ready["api_key"].as_str().unwrap().to_owned();
    let place = async || {
        let send = |http: &reqwest::Client, url: &str| {
            let request = http.post(format!("{url}/orders")).json(&sample("order.json"));
            request.header("x-api-key", &key)
        };
        system.request(send).await
    };
    assert_eq!((place().await.status, place().await.status), (202, 202));

    // The command finds the key, and uses the last request of the day.
    let file = sample_path("order.json");
    let placed = sandbox.orderctl().arg("place").arg(file).output().unwrap();
    assert!(
        placed.status.success(),
        "{}",
        String::from_utf8_lossy(&placed.stderr)
    );
    let over = place().await;
    assert_eq!(over.status, 429, "{}", over.body);
    assert_eq!(over.body["type"], "urn:orders:problem:quota-exceeded");
}

#[tokio::test]
async fn strict_keys_let_the_operator_and_the_functions_in_alone() {
    let sandbox = Sandbox::new();
    let arguments = ["--strict-keys", "--function-concurrency", "8"];
    let system = sandbox.start_with(&arguments).await;
    // The functions work with their own keys, and the commands find the operator's.
    system
        .wait_until_notified(&system.place(&sample("order.json")).await)
        .await;
    let listed = sandbox.orderctl().args(["dlq", "list"]).output().unwrap();
    assert!(
        listed.status.success(),
        "{}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let ready: Value = serde_json::from_slice(&std::fs::read(sandbox.file("ready.json")).unwrap()).unwrap();
    let operator = ready["operator"]["access_key_id"].as_str().unwrap();
    let mode = std::fs::metadata(sandbox.file("ready.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");

    for (key, is_known) in [(operator, true), ("AKIAIOSFODNN7EXAMPLE", false)] {
        let config = config(&system, key).await;
        let code = |error: Option<&str>| error.map(str::to_owned);
        let queues = aws_sdk_sqs::Client::new(&config).list_queues().send().await;
        let topics = aws_sdk_sns::Client::new(&config).list_topics().send().await;
        let tables = aws_sdk_dynamodb::Client::new(&config).list_tables().send().await;
        let codes = [
            code(queues.as_ref().err().and_then(ProvideErrorMetadata::code)),
            code(topics.as_ref().err().and_then(ProvideErrorMetadata::code)),
            code(tables.as_ref().err().and_then(ProvideErrorMetadata::code)),
        ];
        let refusals = [
            "InvalidClientTokenId",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
        ];
        let expected = refusals.map(|code| (!is_known).then(|| code.to_owned()));
        assert_eq!(codes, expected, "{key}");
    }
    let unsigned = reqwest::Client::builder().no_proxy().build().unwrap();
    let unsigned = unsigned
        .post(&system.aws_endpoint_url)
        .header("x-amz-target", "AmazonSQS.ListQueues")
        .body("{}")
        .send()
        .await
        .unwrap();
    assert_eq!(unsigned.status().as_u16(), 403);
}
