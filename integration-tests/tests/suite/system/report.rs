//! What is known of a failed test's orders: how far each came, and what the functions said of it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::System;
use super::home::http;
use super::wait::on_a_thread;

/// The queues of the line, in the order in which an order passes them.
const QUEUES: [&str; 4] = ["orders", "orders-dlq", "notifications", "notifications-dlq"];
/// How long a part of the report may take: the system may be what is broken.
const PART_TIMEOUT: Duration = Duration::from_secs(20);
/// Most ids that are reported, the latest: a test that fails after hundreds of orders needs no hundreds of reports.
const MAX_TOKENS: usize = 5;
/// Most log lines for each.
const MAX_LINES: usize = 20;

/// What a test asked about: order ids, and texts of its own in message bodies.
pub(super) struct Trail {
    tokens: Mutex<Vec<String>>,
    /// The folder of the functions' logs, if one is known.
    logs: Option<PathBuf>,
}

impl Trail {
    pub(super) fn new(logs: Option<PathBuf>) -> Self {
        Self {
            tokens: Mutex::default(),
            logs,
        }
    }

    pub(super) fn note(&self, token: &str) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if !tokens.iter().any(|known| known == token) {
            tokens.push(token.to_owned());
        }
    }

    fn latest(&self) -> Vec<String> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.iter().rev().take(MAX_TOKENS).rev().cloned().collect()
    }
}

/// Prints the path so far of what the test asked about. A part that fails says so and leaves the others.
pub(super) fn print(system: &System) {
    let mut text = String::from("\nthe path so far:\n");
    text += &part("queues", || async { queues(system).await });
    for token in system.trail.latest() {
        text += &part(&format!("{token}: the API says"), || async {
            match api_says(system, &token).await {
                Ok(answer) => answer,
                Err(error) => format!("nothing ({error})"),
            }
        });
        text += &part(&format!("{token}: dead letters"), || async {
            lines(system.dead_letters(&token).iter().map(ToString::to_string))
        });
        text += &part(&format!("{token}: the functions said"), || async {
            lines(system.log_lines(&token).into_iter())
        });
    }
    eprint!("{text}");
}

/// One part, worked out on a thread of its own: a panic there is no second panic here, and a hang ends.
fn part<F: Future<Output = String>>(title: &str, work: impl FnOnce() -> F + Send) -> String {
    let found = on_a_thread(|| async { tokio::time::timeout(PART_TIMEOUT, work()).await });
    let found = match found {
        Ok(Ok(found)) => found,
        Ok(Err(_)) => format!("not to be found out in {PART_TIMEOUT:?}"),
        Err(_) => "not to be found out: see the panic above".to_owned(),
    };
    format!("  {title}: {found}\n")
}

async fn api_says(system: &System, token: &str) -> reqwest::Result<String> {
    let url = format!("{}/orders/{token}", system.api_url);
    let answer = http().get(url).send().await?;
    Ok(format!("{} {}", answer.status(), answer.text().await?))
}

async fn queues(system: &System) -> String {
    let mut text = String::new();
    for queue in QUEUES {
        let depth = system.queue_depth(queue).await;
        // Writing to a string does not fail.
        let _ = write!(text, "{queue} {depth}, ");
    }
    text.trim_end_matches(", ").to_owned()
}

fn lines(found: impl Iterator<Item = String>) -> String {
    let mut found: Vec<String> = found.collect();
    let left_out = found.len().saturating_sub(MAX_LINES);
    found.drain(..left_out);
    if found.is_empty() {
        return "none".to_owned();
    }
    format!("\n    {}", found.join("\n    "))
}

impl System {
    /// The lines about `token` in the functions' logs.
    fn log_lines(&self, token: &str) -> Vec<String> {
        let Some(logs) = &self.trail.logs else {
            return vec![format!(
                "aws logs filter-log-events --filter-pattern '\"{token}\"' --log-group-name /aws/lambda/order-api \
                 (or order-worker, or notifier) shows it"
            )];
        };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(logs).unwrap() {
            let entry = entry.unwrap();
            let text = std::fs::read(entry.path()).unwrap();
            let text = String::from_utf8_lossy(&text);
            let name = entry.file_name().display().to_string();
            let about = text.lines().filter(|line| line.contains(token));
            found.extend(about.map(|line| format!("{name}: {line}")));
        }
        found
    }
}
