//! Tests of a listener, and of the sources of all programs.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::routing::get;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

#[tokio::test]
async fn a_listener_answers_this_machine_and_no_page() {
    let listener = Listener::bind(0).await.unwrap();
    let url = listener.url();
    let router = Router::new().route("/", get(async || "hello"));
    let _server = serve(listener, router, Origins::None, std::future::pending());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let status = async |name: &str, value: &str| {
        let answer = client.get(&url).header(name, value).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(status("accept", "*/*").await, (200, "hello".to_owned()));
    for (name, value) in [
        ("host", "evil.example"),
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let (status, body) = status(name, value).await;
        assert_eq!(status, 403, "{name}");
        assert!(body.starts_with(r#"{"message":""#), "{body}");
    }
}

#[tokio::test]
async fn the_spelling_of_header_names_is_kept() {
    let listener = Listener::bind(0).await.unwrap();
    let address = listener.address();
    let names = async |request: axum::extract::Request| {
        let (parts, body) = request.into_parts();
        axum::body::to_bytes(body, 100).await.unwrap();
        let headers = spelled_headers(&parts).await.unwrap();
        let lines = headers.iter().map(|(name, value)| format!("{name}={value}\n"));
        lines.collect::<Vec<_>>().concat()
    };
    let router = Router::new().fallback(names);
    let _server = serve(listener, router, Origins::None, std::future::pending());
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    // Two requests on one connection. The second has the names of the first in another case.
    let requests = b"POST /a HTTP/1.1\r\nHost: localhost\r\ntEsT-HEADeR: aValUE\r\nEmpty:\r\nContent-Length: 5\r\nX-Two: 1\r\nx-TWO: 2\r\n\r\nhello\
        GET /b HTTP/1.1\r\nhost: localhost\r\nTEST-header: a: b\r\nConnection: close\r\n\r\n";
    connection.write_all(requests).await.unwrap();
    let mut answers = String::new();
    connection.read_to_string(&mut answers).await.unwrap();
    for line in [
        "Host=localhost",
        "tEsT-HEADeR=aValUE",
        "Empty=",
        "X-Two=1",
        "x-TWO=2",
        "host=localhost",
        "TEST-header=a: b",
    ] {
        assert_eq!(
            answers.lines().filter(|known| *known == line).count(),
            1,
            "{line}: {answers}"
        );
    }
    assert!(
        !answers.contains("Length=") && !answers.contains("Connection="),
        "{answers}"
    );
}

/// Ways to listen that the standard library, tokio, axum and hyper have.
const LISTENS: [&str; 8] = [
    "TcpListener",
    "TcpSocket",
    "UnixListener",
    "axum::serve(",
    "serve_with_shutdown",
    "hyper::server",
    "server::conn",
    "Server::bind",
];

/// A program that listens without the guard would let every web page in, so only this crate may listen.
#[test]
fn every_listener_is_behind_the_guard() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap();
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 200, "only {} sources were found", files.len());
    let mut listening = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let program = without_tests(&text);
        if LISTENS.iter().any(|call| program.contains(call)) {
            listening.push(path.strip_prefix(&root).unwrap().display().to_string());
        }
    }
    assert_eq!(
        listening,
        ["cloud/http/src/listener.rs", "cloud/http/src/server.rs"],
        "use cloud_http::Listener and cloud_http::serve"
    );
}

/// The text before the tests that stand in it. A declaration of tests in another file ends with a semicolon.
fn without_tests(text: &str) -> &str {
    let tests = text.match_indices("#[cfg(test)]\n").find(|(at, marker)| {
        let declaration = text[at + marker.len()..].lines().next().unwrap_or_default();
        declaration.ends_with('{')
    });
    tests.map_or(text, |(at, _)| &text[..at])
}

/// Collects the Rust sources of programs in `src` folders: no tests, no benchmarks, no build output.
fn sources(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_test = name == "tests" || name == "tests.rs" || name == "fakes.rs";
        let is_apart = name.starts_with('.') || name == "target" || name == "benches" || is_test;
        if is_apart {
            continue;
        }
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
}
