//! The console, as its page uses it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::system::{Sandbox, System, eventually, sample};

/// A page of the console, without a browser.
struct Page {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Page {
    async fn open(system: &System) -> Self {
        let builder = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30));
        let http = builder.build().unwrap();
        let url = format!("{}/console", system.api_url);
        let session: Value = http
            .get(format!("{url}/api/session"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(session["target"], "local");
        Self {
            http,
            url,
            token: session["token"].as_str().unwrap().to_owned(),
        }
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self
            .http
            .get(format!("{}/api/{path}", self.url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    async fn send(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}/api/{path}", self.url)).json(body);
        let answer = request
            .header("x-console-token", &self.token)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }

    /// Reads live events until one has the property.
    async fn wait_for_event(&self, what: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let mut answer = self
            .http
            .get(format!("{}/api/live", self.url))
            .send()
            .await
            .unwrap();
        let mut text = String::new();
        while let Some(chunk) = answer.chunk().await.unwrap() {
            text.push_str(&String::from_utf8_lossy(&chunk));
            while let Some((event, rest)) = text.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data: "));
                let document = data.map(|data| serde_json::from_str::<Value>(data).unwrap());
                text = rest.to_owned();
                if let Some(document) = document.filter(|document| is_wanted(document)) {
                    return document;
                }
            }
        }
        panic!("the events ended before {what}");
    }
}

/// A number of a queue in a live event.
fn count(event: &Value, queue: &str, name: &str) -> u64 {
    let queues = event["status"]["queues"].as_array().unwrap();
    let found = queues.iter().find(|found| found["name"] == queue).unwrap();
    found[name].as_u64().unwrap()
}

#[tokio::test]
async fn an_order_that_the_page_places_is_seen_to_pass_through_the_queues() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let page = Page::open(&system).await;
    let answer = page
        .send(
            "orders",
            &json!({ "order": sample("order.json"), "idempotency_key": "k" }),
        )
        .await;
    assert_eq!(answer["status"], 202, "{answer}");
    let id = answer["body"]["order_id"].as_str().unwrap().to_owned();
    let again = page
        .send(
            "orders",
            &json!({ "order": sample("order.json"), "idempotency_key": "k" }),
        )
        .await;
    assert_eq!(again["body"]["order_id"], id.as_str());
    page.wait_for_event("the notification is handled", |event| {
        count(event, "notifications", "deleted") > 0 && count(event, "orders", "sent") > 0
    })
    .await;
    eventually("the page says that the order is notified", async || {
        (page.get(&format!("orders/{id}")).await["stage"] == "notified").then_some(())
    })
    .await;
    let unknown = page.get("orders/0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b").await;
    assert_eq!(unknown["stage"], Value::Null);
}

#[tokio::test]
async fn an_invalid_order_is_answered_as_by_the_api() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let page = Page::open(&system).await;
    let mut order = sample("order.json");
    order["currency"] = "EURO".into();
    let answer = page.send("orders", &json!({ "order": order })).await;
    assert_eq!(answer["status"], 422);
    assert_eq!(answer["body"]["errors"][0]["pointer"], "/currency");
}

#[tokio::test]
async fn the_numbers_of_the_page_are_those_of_the_status_command() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let page = Page::open(&system).await;
    page.send("poison", &json!({})).await;
    let burst = page
        .send("burst", &json!({ "order": sample("order.json"), "count": 120 }))
        .await;
    assert_eq!((&burst["accepted"], &burst["refused"]), (&120.into(), &0.into()));
    // 120 notifications and a dead letter, and nothing is left to do.
    let event = page
        .wait_for_event("all is done", |event| {
            let is_idle = ["orders", "notifications"].iter().all(|queue| {
                ["visible", "delayed", "in_flight"]
                    .iter()
                    .all(|name| count(event, queue, name) == 0)
            });
            is_idle
                && count(event, "orders-dlq", "visible") == 1
                && count(event, "notifications", "sent") >= 120
        })
        .await;
    let output = sandbox.orderctl().args(["status", "--json"]).output().unwrap();
    let mut status: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut shown = event["status"].clone();
    for document in [&mut status, &mut shown] {
        // The disk may grow, and time passes.
        document["disk_bytes"] = Value::Null;
        for queue in document["queues"].as_array_mut().unwrap() {
            queue["oldest_age_seconds"] = Value::Null;
        }
        // A hint names the program by the way in which it was started, and the directory by the option that was given.
        for problem in document["problems"].as_array_mut().unwrap() {
            problem["command"] = Value::Null;
        }
    }
    assert_eq!(shown, status);
}

/// The origins that may call the API may not use the console.
#[tokio::test]
async fn an_allowed_origin_of_the_api_gets_nothing_of_the_console() {
    let sandbox = Sandbox::new();
    let system = sandbox
        .start_with(&["--parameter", "AllowedOrigins=https://shop.example.com"])
        .await;
    let page = Page::open(&system).await;
    let from_shop = async |url: String| {
        let request = page.http.get(url).header("origin", "https://shop.example.com");
        request
            .header("sec-fetch-site", "cross-site")
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    assert_eq!(from_shop(system.api_url.clone()).await, 200);
    for path in ["", "/app.js", "/api/session", "/api/live"] {
        assert_eq!(from_shop(format!("{}{path}", page.url)).await, 403, "{path}");
    }
}

#[tokio::test]
async fn the_ready_file_names_the_page() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let endpoints = std::fs::read(sandbox.data_dir().join("endpoints.json")).unwrap();
    let endpoints: Value = serde_json::from_slice(&endpoints).unwrap();
    assert_eq!(endpoints["console_url"], format!("{}/console", system.api_url));
}
