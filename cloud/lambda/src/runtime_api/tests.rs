//! Tests of the secret, over HTTP.

use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::*;
use crate::invocation::Invocation;

async fn status(url: String, header: (&str, &str)) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let response = client.get(url).header(header.0, header.1).send().await.unwrap();
    response.status().as_u16()
}

#[tokio::test]
async fn without_the_secret_a_request_is_forbidden_and_takes_nothing() {
    let api = RuntimeApi::start("arn").await.unwrap();
    let (taken, mut was_taken) = oneshot::channel();
    let (answer, _answered) = oneshot::channel();
    api.slot().put(Invocation {
        request_id: Uuid::new_v4(),
        payload: Bytes::from_static(b"{}"),
        timeout: Duration::from_mins(1),
        taken,
        answer,
    });
    let next = "2018-06-01/runtime/invocation/next";
    let port = api.address().port();
    let guessed = Uuid::new_v4().simple();
    for path in [next.to_owned(), format!("{guessed}/{next}"), format!("//{next}")] {
        let url = format!("http://127.0.0.1:{port}/{path}");
        assert_eq!(status(url, ("accept", "*/*")).await, 403, "{path}");
    }
    let right = format!("http://{}/{next}", api.address().variable());
    for header in [("host", "evil.example"), ("sec-fetch-site", "cross-site")] {
        assert_eq!(status(right.clone(), header).await, 403, "{header:?}");
    }
    was_taken.try_recv().unwrap_err();
    assert_eq!(status(right, ("accept", "*/*")).await, 200);
    was_taken.try_recv().unwrap();
}

#[tokio::test]
async fn the_secret_is_in_no_debug_output() {
    let api = RuntimeApi::start("arn").await.unwrap();
    let variable = api.address().variable();
    let secret = variable.rsplit('/').next().unwrap();
    assert!(secret.len() >= 32, "{secret}");
    assert!(!format!("{api:?} {:?}", api.address()).contains(secret));
}
