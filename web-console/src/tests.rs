//! Tests of the console as a browser meets it.

use std::time::Duration;

use reqwest::header::HeaderMap;

use super::*;

/// A console whose system is not connected.
async fn console() -> (Console, String) {
    let system = System::new(|_| Box::pin(async { anyhow::bail!("no system") }), None);
    let console = Console::new(system);
    let listener = Listener::bind(0).await.unwrap();
    let url = listener.url();
    let serving = console.clone();
    tokio::spawn(async move { serving.serve(listener, std::future::pending()).await });
    (console, url)
}

fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(20));
    builder.build().unwrap()
}

async fn get(url: &str, headers: &[(&str, &str)]) -> (u16, HeaderMap, String) {
    let mut request = client().get(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.text().await.unwrap())
}

#[tokio::test]
async fn the_page_has_a_strict_policy_and_is_loaded_once() {
    let (_console, url) = console().await;
    let (status, headers, body) = get(&format!("{url}{PATH}"), &[]).await;
    assert_eq!(status, 200);
    assert!(body.starts_with("<!doctype html>"), "{body}");
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("script-src 'self'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"), "{policy}");
    let tag = headers["etag"].to_str().unwrap();
    let (status, _, body) = get(&format!("{url}{PATH}"), &[("if-none-match", tag)]).await;
    assert_eq!((status, body.as_str()), (304, ""));
    assert_eq!(get(&format!("{url}{PATH}/nothing.js"), &[]).await.0, 404);
}

#[tokio::test]
async fn foreign_hosts_origins_and_sites_get_nothing() {
    let (_console, url) = console().await;
    for path in [
        PATH,
        "/console/app.js",
        "/console/api/session",
        "/console/api/live",
    ] {
        for foreign in [
            ("host", "evil.example"),
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let (status, _, body) = get(&format!("{url}{path}"), &[foreign]).await;
            assert_eq!(status, 403, "{path} {foreign:?} {body}");
        }
    }
}

#[tokio::test]
async fn a_change_needs_the_token() {
    let (console, url) = console().await;
    let post = async |path: &str, token: Option<&str>| {
        let mut request = client()
            .post(format!("{url}{path}"))
            .json(&serde_json::json!({ "order": {}, "count": 1 }));
        if let Some(token) = token {
            request = request.header(token::HEADER, token);
        }
        request.send().await.unwrap().status().as_u16()
    };
    for path in [
        "/console/api/orders",
        "/console/api/poison",
        "/console/api/burst",
        "/console/api/reveal",
        "/console/api/letters/replay",
    ] {
        assert_eq!(post(path, None).await, 403, "{path}");
        assert_eq!(post(path, Some("")).await, 403, "{path}");
        assert_eq!(post(path, Some(Token::generate().as_str())).await, 403, "{path}");
        let with_token = post(path, Some(console.token.as_str())).await;
        assert_ne!(with_token, 403, "{path}");
    }
}

#[tokio::test]
async fn a_system_that_is_starting_is_said_to_be_starting() {
    let (_console, url) = console().await;
    let (status, _, body) = get(&format!("{url}/console/api/session"), &[]).await;
    assert_eq!(status, 503);
    assert!(body.contains("is starting"), "{body}");
}
