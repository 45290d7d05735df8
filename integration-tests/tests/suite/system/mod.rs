//! A system under test: starts it or finds it, speaks to it, stops it in every way.
//!
//! The same tests drive two kinds of it: a system of the test's own on this machine, and a deployed stack that all tests
//! share. [`target`] chooses by the environment. What a shared stack cannot do is declared in
//! `integration-tests/skipped.toml`, with the reason; a test that asks for it nevertheless fails with that advice.

mod aws;
mod home;
mod mail;
mod process;
mod report;
mod samples;
mod target;
mod wait;

use std::process::{Child, ExitStatus, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{RwLockReadGuard, RwLockWriteGuard};

pub(crate) use home::Home;
pub(crate) use process::{children_of, is_alive, orderctl, signal};
pub(crate) use samples::{sample, sample_of_new_customer, sample_path};
pub(crate) use wait::{SETTLING, eventually, eventually_within};

use report::Trail;
use target::{Stack, Target};

/// A system that runs. One that the test started is killed when it is dropped.
pub(crate) struct System {
    kind: Kind,
    pub(crate) api_url: String,
    pub(crate) aws_endpoint_url: String,
    http: reqwest::Client,
    /// What the test asked about, for the report if it fails.
    trail: Trail,
}

/// Whose system it is.
enum Kind {
    /// A process of this test.
    Own(Child),
    /// A deployed stack that the tests share, and this test's turn on it, which ends with the test.
    Shared { stack: &'static Stack, _turn: Turn },
}

/// A test's turn on a shared stack: most go side by side, some need it for themselves.
enum Turn {
    Together { _guard: RwLockReadGuard<'static, ()> },
    Alone { _guard: RwLockWriteGuard<'static, ()> },
}

/// A response of the API.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl System {
    pub(crate) fn process_id(&self) -> u32 {
        match &self.kind {
            Kind::Own(child) => child.id(),
            Kind::Shared { .. } => target::needs_a_system_of_its_own("the process of the system"),
        }
    }

    /// What API Gateway puts before a path: the stage of a deployed stack, such as `/dev`, and nothing here.
    pub(crate) fn stage_path(&self) -> String {
        match &self.kind {
            Kind::Own(_) => String::new(),
            Kind::Shared { stack, .. } => format!("/{}", stack.stage()),
        }
    }

    /// Sends a request to the API.
    pub(crate) async fn request(
        &self,
        request: impl FnOnce(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> Answer {
        self.try_request(request).await.unwrap()
    }

    /// Sends a request to a system that may be dying.
    pub(crate) async fn try_request(
        &self,
        request: impl FnOnce(&reqwest::Client, &str) -> reqwest::RequestBuilder,
    ) -> reqwest::Result<Answer> {
        let mut request = request(&self.http, &self.api_url);
        if let Kind::Shared { stack, .. } = &self.kind
            && let Some(key) = &stack.api_key
        {
            request = request.header("x-api-key", key);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await?;
        Ok(Answer {
            status,
            headers,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        })
    }

    /// Posts an order.
    pub(crate) async fn post(&self, order: &Value) -> Answer {
        let answer = self
            .request(|http, url| http.post(format!("{url}/orders")).json(order))
            .await;
        if let Some(id) = answer.body["order_id"].as_str() {
            self.trail.note(id);
        }
        answer
    }

    /// Posts a valid order and gives its id.
    pub(crate) async fn place(&self, order: &Value) -> String {
        let answer = self.post(order).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        answer.body["order_id"].as_str().unwrap().to_owned()
    }

    /// Waits until the order is stored, and gives what the API says of it.
    pub(crate) async fn stored(&self, id: &str) -> Value {
        self.order_where(id, Target::get().patience(), |_| true).await
    }

    /// Waits until the order was told of by email.
    pub(crate) async fn notified(&self, id: &str) -> Value {
        self.notified_within(id, Target::get().patience()).await
    }

    /// The same for what may take longer than others.
    pub(crate) async fn notified_within(&self, id: &str, patience: Duration) -> Value {
        self.order_where(id, patience, |order| order["status"] == "notified")
            .await
    }

    async fn order_where(&self, id: &str, patience: Duration, is_right: impl Fn(&Value) -> bool) -> Value {
        self.trail.note(id);
        eventually_within(patience, &format!("order {id} has come so far"), async || {
            let answer = self
                .request(|http, url| http.get(format!("{url}/orders/{id}")))
                .await;
            match answer.status {
                200 => Some(answer.body).filter(|order| is_right(order)),
                // 503 is what it promises to answer when a table is slower than it may wait: one asks again.
                404 | 503 => None,
                status => panic!("GET answers {status}: {}", answer.body),
            }
        })
        .await
    }

    /// Runs the operator's command against this system, to its end.
    pub(crate) fn orderctl(&self, arguments: &[&str]) -> Output {
        let mut command = orderctl();
        if let Kind::Shared { stack, .. } = &self.kind {
            command.args(stack.orderctl_arguments());
        }
        command
            .args(["--api-url", &self.api_url])
            .args(arguments)
            .stdin(Stdio::null());
        // A deployed stack's endpoint is the SDK's own business: that of AWS, or the one in the environment.
        if let Kind::Own(_) = &self.kind {
            command.args(["--aws-endpoint-url", &self.aws_endpoint_url]);
        }
        command.output().unwrap()
    }

    /// The JSON Lines that a command prints.
    pub(crate) fn json_lines(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.orderctl(arguments);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Waits for the first letter about `token` in a dead-letter queue.
    pub(crate) async fn dead_letter(&self, token: &str) -> Value {
        self.trail.note(token);
        eventually(&format!("a dead letter holds {token}"), async || {
            self.dead_letters(token).into_iter().next()
        })
        .await
    }

    /// The letters about `token` that are in a dead-letter queue now.
    pub(crate) fn dead_letters(&self, token: &str) -> Vec<Value> {
        let mut letters = self.json_lines(&["dlq", "list", "--json"]);
        letters.retain(|letter| letter["body"].as_str().unwrap().contains(token));
        letters
    }

    /// Asks it to stop, as Ctrl-C or a service manager does, and waits for its end.
    pub(crate) async fn stop(&mut self) -> ExitStatus {
        signal("TERM", self.process_id());
        self.ended().await
    }

    /// Ends it as a crash does: no line of its code runs any more.
    pub(crate) async fn kill(&mut self) {
        signal("KILL", self.process_id());
        self.ended().await;
    }

    pub(crate) async fn ended(&mut self) -> ExitStatus {
        match &mut self.kind {
            Kind::Own(child) => eventually("the process has ended", async || child.try_wait().unwrap()).await,
            Kind::Shared { .. } => target::needs_a_system_of_its_own("the end of the system"),
        }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        if std::thread::panicking() {
            report::print(self);
        }
        if let Kind::Own(child) = &mut self.kind {
            // The functions see their input end, and follow.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
