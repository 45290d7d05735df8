//! The end of a test's system, with a report if the test failed: how far each order came, and what the functions logged.

use std::fmt::Write as _;
use std::time::Duration;

use super::handle::{Kind, System};
use super::http::new_client;
use super::wait::run_on_thread;

/// The queues, in the order in which an order passes them.
const QUEUES: [&str; 4] = ["orders", "orders-dlq", "notifications", "notifications-dlq"];
/// The timeout of each part of the report, because the system itself may be broken.
const PART_TIMEOUT: Duration = Duration::from_secs(20);
/// The maximum number of lines in a part.
const MAX_LINES: usize = 20;

impl Drop for System {
    fn drop(&mut self) {
        if std::thread::panicking() {
            print_report(self);
        }
        if let Kind::Own(child) = &mut self.kind {
            // The functions' standard input ends with the system, and they end, too.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Prints the state of each order and message that the test asked about. A part that fails does not affect the others.
fn print_report(system: &System) {
    let mut text = String::from("\nthe state of the system:\n");
    text += &report_part("queues", || async { report_queues(system).await });
    for token in system.trail.latest() {
        text += &report_part(&format!("{token}: answer of the API"), || async {
            match get_order(system, &token).await {
                Ok(answer) => answer,
                Err(error) => format!("none ({error})"),
            }
        });
        text += &report_part(&format!("{token}: dead letters"), || async {
            list_lines(system.list_dead_letters(&token).iter().map(ToString::to_string))
        });
        text += &report_part(&format!("{token}: log lines of the functions"), || async {
            list_lines(system.find_log_lines(&token).into_iter())
        });
    }
    eprint!("{text}");
}

/// Makes one part on a thread of its own, so that a panic does not end the program, and a hang ends after the timeout.
fn report_part<F: Future<Output = String>>(title: &str, work: impl FnOnce() -> F + Send) -> String {
    let found = run_on_thread(|| async { tokio::time::timeout(PART_TIMEOUT, work()).await });
    let found = match found {
        Ok(Ok(found)) => found,
        Ok(Err(_)) => format!("unknown, because there was no answer within {PART_TIMEOUT:?}"),
        Err(_) => "unknown, because of the panic above".to_owned(),
    };
    format!("  {title}: {found}\n")
}

async fn get_order(system: &System, token: &str) -> reqwest::Result<String> {
    let url = format!("{}/orders/{token}", system.api_url);
    let answer = new_client().get(url).send().await?;
    Ok(format!("{} {}", answer.status(), answer.text().await?))
}

async fn report_queues(system: &System) -> String {
    let mut text = String::new();
    for queue in QUEUES {
        let depth = system.count_messages(queue).await;
        // Writing to a string does not fail.
        let _ = write!(text, "{queue} {depth}, ");
    }
    text.trim_end_matches(", ").to_owned()
}

fn list_lines(found: impl Iterator<Item = String>) -> String {
    let mut found: Vec<String> = found.collect();
    let left_out = found.len().saturating_sub(MAX_LINES);
    found.drain(..left_out);
    if found.is_empty() {
        return "none".to_owned();
    }
    format!("\n    {}", found.join("\n    "))
}

impl System {
    /// Finds the lines in the functions' logs that contain `token`.
    fn find_log_lines(&self, token: &str) -> Vec<String> {
        let Some(logs) = &self.trail.logs else {
            return vec![format!(
                "`aws logs filter-log-events --filter-pattern '\"{token}\"' --log-group-name /aws/lambda/order-api` \
                 (or order-worker, or notifier) shows them"
            )];
        };
        let mut found = Vec::new();
        for entry in std::fs::read_dir(logs).unwrap() {
            let entry = entry.unwrap();
            let text = std::fs::read(entry.path()).unwrap();
            let text = String::from_utf8_lossy(&text);
            let name = entry.file_name().display().to_string();
            let lines = text.lines().filter(|line| line.contains(token));
            found.extend(lines.map(|line| format!("{name}: {line}")));
        }
        found
    }
}
