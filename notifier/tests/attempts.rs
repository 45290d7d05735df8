//! Counts the attempts of calls: every HTTP request that the real adapter sends to a server that always fails.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod aws;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use notifier::email::Email;
use notifier::ports::Emails as _;

/// How the server fails.
#[derive(Debug, Clone, Copy)]
enum Failure {
    /// A status and an error code of SNS.
    Answer(StatusCode, &'static str),
    /// No answer at all.
    Silence,
}

/// Requests by operation, and how they fail.
#[derive(Clone)]
struct Server {
    calls: Arc<Mutex<BTreeMap<String, u32>>>,
    failure: Failure,
}

async fn answer(State(server): State<Server>, body: Bytes) -> (StatusCode, String) {
    let form: BTreeMap<String, String> = form_urlencoded::parse(&body).into_owned().collect();
    *server
        .calls
        .lock()
        .unwrap()
        .entry(form["Action"].clone())
        .or_default() += 1;
    match server.failure {
        Failure::Answer(status, code) => {
            let error =
                format!("<Error><Type>Receiver</Type><Code>{code}</Code><Message>m</Message></Error>");
            let namespace = "http://sns.amazonaws.com/doc/2010-03-31/";
            let body = format!(
                r#"<ErrorResponse xmlns="{namespace}">{error}<RequestId>r</RequestId></ErrorResponse>"#
            );
            (status, body)
        }
        Failure::Silence => std::future::pending().await,
    }
}

/// The attempts of one email and of one check for subscribers.
async fn attempts(failure: Failure) -> BTreeMap<String, u32> {
    let server = Server {
        calls: Arc::default(),
        failure,
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(server.clone());
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let aws = aws::adapters(&aws::sdk(endpoint));
    let email = Email {
        subject: "s".to_owned(),
        body: "b".to_owned(),
        trace: None,
    };
    assert!(aws.publish(&email).await.is_err());
    assert!(aws.subscribers().await.is_err());
    serving.abort();
    let calls = server.calls.lock().unwrap();
    calls.clone()
}

/// A second attempt would exceed the rate, and would send a second email if only the response was lost.
#[tokio::test]
async fn an_email_is_tried_once_whatever_happens() {
    for failure in [
        Failure::Answer(StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
        Failure::Answer(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable"),
        Failure::Answer(StatusCode::BAD_REQUEST, "Throttling"),
        Failure::Answer(StatusCode::BAD_REQUEST, "RequestLimitExceeded"),
        Failure::Silence,
    ] {
        for look in 1.. {
            let attempts = attempts(failure).await;
            let of = |call: &str| attempts.get(call).copied().unwrap_or_default();
            assert!(of("Publish") <= 1, "{failure:?}");
            // The other call is repeated, which shows that an SDK repeats after these failures.
            if (of("Publish"), of("ListSubscriptionsByTopic")) == (1, 2) {
                break;
            }
            // An attempt has one second, which can pass on a busy machine before the request is sent. Then the test looks again.
            assert!(look < 20, "{failure:?}: {attempts:?}");
        }
    }
}
