//! The console, as its page uses it.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncBufReadExt;

use crate::system::{Sandbox, System, eventually, sample};

/// A page of the console, without a browser.
struct Page {
    http: reqwest::Client,
    url: String,
    token: String,
    target: String,
}

impl Page {
    async fn open(system: &System) -> Self {
        let page = Self::open_at(format!("{}/console", system.api_url)).await;
        assert_eq!(page.target, "local");
        page
    }

    async fn open_at(url: String) -> Self {
        let builder = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30));
        let http = builder.build().unwrap();
        let session: Value = http
            .get(format!("{url}/api/session"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let text = |name: &str| session[name].as_str().unwrap().to_owned();
        Self {
            http,
            url,
            token: text("token"),
            target: text("target"),
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

/// `orderctl console` on the system of a sandbox, until it is dropped.
struct ConsoleProcess {
    child: tokio::process::Child,
    url: String,
}

impl ConsoleProcess {
    async fn start(sandbox: &Sandbox) -> Self {
        let mut command = tokio::process::Command::from(sandbox.orderctl());
        command.args(["console", "--port", "0"]).kill_on_drop(true);
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        let mut output = tokio::io::BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut url).await.unwrap();
        Self {
            child,
            url: url.trim_end().to_owned(),
        }
    }

    async fn stop(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// Starts a system whose audit log is in its data directory. The tests of the suite share another one.
async fn start_with_own_audit_log(sandbox: &Sandbox) -> System {
    let change = |command: &mut std::process::Command| {
        command.env_remove("ORDERS_AUDIT_LOG");
    };
    sandbox.start_in(&[], change).await
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
    // Another request with the key gets 409 until the claim says that the order is in the queue.
    let again = eventually("the key is decided", async || {
        let order = json!({ "order": sample("order.json"), "idempotency_key": "k" });
        let again = page.send("orders", &order).await;
        (again["status"] != 409).then_some(again)
    })
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
async fn a_console_of_its_own_serves_a_stack() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_alone().await;
    let console = ConsoleProcess::start(&sandbox).await;
    let page = Page::open_at(console.url.clone()).await;
    let mut order = sample("order.json");
    order["customer"]["id"] = "console-of-its-own".into();
    let answer = page.send("orders", &json!({ "order": order })).await;
    assert_eq!(answer["status"], 202, "{answer}");
    let id = answer["body"]["order_id"].as_str().unwrap().to_owned();
    system.wait_until_notified(&id).await;
    eventually("the search finds the order", async || {
        let found = page.get(&format!("orders?q={}", &id[id.len() - 8..])).await;
        (found["orders"][0]["order_id"] == id.as_str()).then_some(())
    })
    .await;
    assert_eq!(page.get(&format!("orders/{id}")).await["stage"], "notified");
    let poison = page.send("poison", &json!({})).await["message_id"].clone();
    eventually("the page shows the dead letter", async || {
        let letters = page.get("letters?again=true").await["letters"].clone();
        let mut letters = letters.as_array().unwrap().iter();
        letters
            .find(|letter| letter["message_id"] == poison || letter["reason"] == "malformed")
            .map(drop)
    })
    .await;
    page.wait_for_event("the queues are read", |event| {
        count(event, "orders-dlq", "visible") > 0
    })
    .await;
    console.stop().await;
}

/// Nobody but the functions and the operator may call the endpoint, and there is no data directory that names the operator's
/// key.
#[tokio::test]
async fn the_console_of_a_system_in_memory_with_strict_keys_works() {
    let sandbox = Sandbox::new();
    let system = sandbox.start_with(&["--ephemeral", "--strict-keys"]).await;
    let page = Page::open(&system).await;
    page.send("poison", &json!({})).await;
    page.wait_for_event("the poison is a dead letter", |event| {
        count(event, "orders-dlq", "visible") == 1
    })
    .await;
    let letters = page.get("letters?again=true").await;
    assert_eq!(letters["letters"][0]["reason"], "malformed", "{letters}");
    let replayed = page
        .send("letters/replay", &json!({ "queue": "orders", "dry_run": true }))
        .await;
    assert_eq!(replayed["done"], true, "{replayed}");
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
        // An alarm is evaluated again meanwhile.
        document["alarms"] = Value::Null;
        let problems = document["problems"].as_array_mut().unwrap();
        problems.retain(|problem| problem["code"] != "alarm");
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

#[tokio::test]
async fn an_order_is_found_and_its_timeline_is_told() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let page = Page::open(&system).await;
    let sent = json!({ "order": sample("order.json"), "idempotency_key": "checkout-42" });
    let answer = page.send("orders", &sent).await;
    let id = answer["body"]["order_id"].as_str().unwrap().to_owned();
    system.wait_until_notified(&id).await;
    for query in [&id[..], &id[id.len() - 8..], "customer-1001", "checkout-42", ""] {
        eventually("the search finds the order", async || {
            let found = page.get(&format!("orders?q={query}&status=notified")).await;
            (found["orders"][0]["order_id"] == id.as_str() && found["counts"]["notified"] == 1).then_some(())
        })
        .await;
    }
    assert_eq!(page.get("orders?q=nobody").await["total"], 0);
    let told = page.get(&format!("orders/{id}")).await;
    let steps = told["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["done"] == true), "{told}");
    assert_eq!(steps.last().unwrap()["at"], told["order"]["notified_at"]);
}

#[tokio::test]
async fn personal_data_is_hidden_until_asked_for_and_the_asking_is_logged() {
    let sandbox = Sandbox::new();
    let system = start_with_own_audit_log(&sandbox).await;
    let page = Page::open(&system).await;
    let id = system.place(&sample("order.json")).await;
    system.wait_until_notified(&id).await;
    let mail = eventually("the email is in the mailbox", async || {
        let mail = page.get("mail").await["mail"][0].clone();
        mail["sequence"].is_number().then_some(mail)
    })
    .await;
    system
        .send("orders", r#"{"customer":{"name":"Ada Example"},"no":"order"}"#)
        .await;
    system.wait_for_dead_letter("Ada Example").await;
    let letter = page.get("letters?again=true").await["letters"][0]["message_id"].clone();
    let letter = letter.as_str().unwrap();
    let masked = [
        page.get(&format!("orders/{id}")).await,
        mail.clone(),
        page.get(&format!("letters/{letter}")).await,
    ];
    for document in &masked {
        let text = document.to_string();
        assert!(!text.contains("Ada") && !text.contains("ada@"), "{text}");
    }
    let asked = [
        json!({ "kind": "order", "id": id }),
        json!({ "kind": "mail", "id": mail["sequence"] }),
        json!({ "kind": "letter", "id": letter }),
    ];
    for wanted in &asked {
        let shown = page.send("reveal", wanted).await.to_string();
        assert!(shown.contains("Ada Example"), "{shown}");
    }
    let log = std::fs::read_to_string(sandbox.data_dir().join("audit.jsonl")).unwrap();
    for wanted in &asked {
        let id = wanted["id"].to_string();
        let is_logged = log
            .lines()
            .any(|line| line.contains("reveal") && line.contains(id.trim_matches('"')));
        assert!(is_logged, "{wanted} in {log}");
    }
    assert!(!log.contains("Ada Example"), "{log}");
}

#[tokio::test]
async fn a_dead_letter_is_predicted_repaired_and_replayed() {
    let sandbox = Sandbox::new();
    let system = start_with_own_audit_log(&sandbox).await;
    let page = Page::open(&system).await;
    page.send("poison", &json!({})).await;
    system.wait_for_dead_letter("poison from the console").await;
    let list = page.get("letters?again=true").await;
    assert_eq!(
        list["groups"][0],
        json!({ "queue": "orders", "reason": "malformed", "count": 1 })
    );
    let id = &list["letters"][0]["message_id"];
    let dry = page
        .send("letters/replay", &json!({ "ids": [id], "dry_run": true }))
        .await;
    assert_eq!(dry["lines"][0]["message_id"], *id, "{dry}");
    let invalid = page
        .send(
            "letters/replay",
            &json!({ "ids": [id], "body": "{\"schema_version\":1}" }),
        )
        .await;
    assert_eq!(invalid["done"], false, "{invalid}");
    let body = include_str!("../../../order-core/golden/message-v1.json");
    let repaired = page
        .send("letters/replay", &json!({ "ids": [id], "body": body }))
        .await;
    assert_eq!(repaired["done"], true, "{repaired}");
    let message: Value = serde_json::from_str(body).unwrap();
    system
        .wait_until_notified(message["order_id"].as_str().unwrap())
        .await;
    assert_eq!(page.get("letters?again=true").await["all"], 0);
    let audit = page.get("letters/audit").await;
    assert_eq!(
        (&audit["lines"][0]["action"], &audit["lines"][0]["state"]),
        (&"replay".into(), &"ended".into())
    );
}

#[tokio::test]
async fn faults_are_switched_on_and_off() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let page = Page::open(&system).await;
    let put = async |switches: Value| {
        let request = page.http.put(format!("{}/api/faults", page.url)).json(&switches);
        let answer = request
            .header("x-console-token", &page.token)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        answer.json::<Value>().await.unwrap()
    };
    let on = json!({ "throttle": true, "lost": true, "kills": true });
    let state = put(on.clone()).await;
    assert_eq!((&state["active"], &state["switches"]), (&true.into(), &on));
    page.wait_for_event("the page learns of the faults", |event| {
        event["status"]["faults_active"] == true
    })
    .await;
    let off = json!({ "throttle": false, "lost": false, "kills": false });
    let state = put(off.clone()).await;
    assert_eq!((&state["active"], &state["switches"]), (&false.into(), &off));
    page.wait_for_event("the page learns of the end", |event| {
        event["status"]["faults_active"] == false
    })
    .await;
    let plots = page.get("plots").await;
    let markers: Vec<&str> = plots["markers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|marker| marker["text"].as_str().unwrap())
        .collect();
    assert!(
        markers.contains(&"faults on") && markers.contains(&"faults off"),
        "{markers:?}"
    );
}

#[tokio::test]
async fn the_numbers_of_the_page_are_those_of_verify() {
    let sandbox = Sandbox::new();
    let system = sandbox.start().await;
    let page = Page::open(&system).await;
    let journal = sandbox.file("journal");
    let journal = journal.to_str().unwrap();
    let run = |arguments: &[&str]| {
        let output = sandbox.orderctl().args(arguments).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    };
    run(&[
        "load",
        "--count",
        "60",
        "--poison",
        "10%",
        "--seed",
        "1",
        "--journal",
        journal,
        "--json",
    ]);
    let report: Value = serde_json::from_slice(&run(&["verify", "--journal", journal, "--json"])).unwrap();
    let letters = run(&["dlq", "list", "--json"]);
    let letters = letters
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .count();
    assert!(letters > 0, "the load sent no poison");
    eventually("the page counts the rows of verify", async || {
        (page.get("orders").await["total"] == report["rows"]).then_some(())
    })
    .await;
    assert_eq!(page.get("letters?again=true").await["all"], letters);
    let event = page
        .wait_for_event("a status", |event| event["status"].is_object())
        .await;
    assert_eq!(
        event["emails"], report["emails"],
        "every email is a notification here: {report}"
    );
    let dead = count(&event, "orders-dlq", "visible") + count(&event, "notifications-dlq", "visible");
    assert_eq!(dead, letters as u64);
}
