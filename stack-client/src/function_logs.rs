//! The log lines of the functions: files of the data directory on this machine, log groups on AWS.
//!
//! No line holds personal data, so that whole lines may be shown.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::Value;

use crate::connection::{Connection, Resource, Target};
use crate::logs_insights::LogsInsights;
use crate::queue;

/// The names of the functions, without the prefix of the stack.
const FUNCTIONS: [&str; 3] = ["order-api", "order-worker", "notifier"];

/// A line of JSON that a function logged.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLine {
    /// The name of the function, without the prefix of the stack.
    pub service: String,
    /// The fields. docs/LOGGING.md lists them.
    pub fields: Value,
}

impl LogLine {
    /// When it was written, in RFC 3339.
    #[must_use]
    pub fn at(&self) -> &str {
        self.text("timestamp").unwrap_or_default()
    }

    /// A field, if it is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields[name].as_str()
    }
}

/// Reads the wanted lines from the files of this machine, oldest first. `is_wanted` gets each line as it was written.
///
/// A system in memory and one that is named by URLs have no files here.
pub async fn read_local(
    connection: &Connection,
    is_wanted: impl Fn(&str) -> bool + Send + 'static,
) -> Vec<LogLine> {
    if !connection.uses_data_dir() {
        return Vec::new();
    }
    let directory = connection.data_dir().join("logs");
    let read = move || {
        let mut lines: Vec<LogLine> = files(&directory)
            .iter()
            .flat_map(|path| read_file(path, &is_wanted))
            .collect();
        lines.sort_by(|one, other| one.at().cmp(other.at()));
        lines
    };
    // A log is at most 10 MiB. Reading it would hold up the other tasks of this thread.
    tokio::task::spawn_blocking(read).await.unwrap_or_default()
}

/// Reads the lines on AWS that contain an id, oldest first, by a query of CloudWatch Logs Insights.
///
/// # Errors
/// The id holds other characters than letters, digits and hyphens; the caller may not query the log groups; or the query fails.
pub async fn query_aws(connection: &Connection, id: &str, since: SystemTime) -> anyhow::Result<Vec<LogLine>> {
    anyhow::ensure!(
        connection.target() == Target::Aws,
        "this machine has no log groups"
    );
    anyhow::ensure!(
        id.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
        "the id cannot be looked for in the logs"
    );
    let insights = LogsInsights::new(&connection.sdk_config().await?)?;
    let queue_url = connection.resource(Resource::OrdersQueueUrl).await?;
    let prefix = name_prefix(&queue_url);
    let groups: Vec<String> = FUNCTIONS
        .iter()
        .map(|function| format!("/aws/lambda/{prefix}{function}"))
        .collect();
    let query =
        format!("fields @message, @log | filter @message like \"{id}\" | sort @timestamp asc | limit 1000");
    let rows = insights.query(&groups, &query, since, SystemTime::now()).await?;
    let lines = rows.into_iter().filter_map(|row| {
        // The value of `@log` is ACCOUNT:GROUP.
        let group = row.get("@log")?;
        let function = group.rsplit('/').next().unwrap_or(group);
        Some(LogLine {
            service: function.strip_prefix(prefix).unwrap_or(function).to_owned(),
            fields: serde_json::from_str(row.get("@message")?).ok()?,
        })
    });
    Ok(lines.collect())
}

/// The parameter `NamePrefix` of a stack: the part of the queue's name before `orders`.
fn name_prefix(orders_queue_url: &str) -> &str {
    let name = queue::name_in_url(orders_queue_url);
    name.strip_suffix("orders").unwrap_or_default()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect()
}

/// Reads a file of one function: `NAME.log`, or `NAME.log.1`, the older one. Lines that are no JSON are left out.
fn read_file(path: &Path, is_wanted: &impl Fn(&str) -> bool) -> Vec<LogLine> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let service = name.split('.').next().unwrap_or_default();
    let Ok(file) = File::open(path) else {
        return Vec::new();
    };
    BufReader::new(file)
        .lines()
        .map_while(Result::ok)
        .filter(|line| is_wanted(line))
        .filter_map(|line| {
            let fields = serde_json::from_str(&line).ok()?;
            let service = service.to_owned();
            Some(LogLine { service, fields })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_wanted_lines_of_all_files_are_read_in_the_order_of_their_times() {
        let directory = tempfile::tempdir().unwrap();
        let logs = directory.path().join("logs");
        std::fs::create_dir(&logs).unwrap();
        let line = |at: &str, id: &str| format!("{{\"timestamp\":\"{at}\",\"order_id\":\"{id}\"}}\n");
        let newer = line("3", "a") + "panicked at a\n" + &line("4", "b");
        std::fs::write(logs.join("notifier.log"), newer).unwrap();
        std::fs::write(logs.join("notifier.log.1"), line("2", "a")).unwrap();
        std::fs::write(logs.join("order-api.log"), line("1", "a")).unwrap();
        let connection = Connection::local(directory.path().to_owned());
        let found = read_local(&connection, |line| line.contains("\"a\"")).await;
        let found: Vec<_> = found
            .iter()
            .map(|line| (line.at(), line.service.as_str(), line.text("order_id").unwrap()))
            .collect();
        let expected = [
            ("1", "order-api", "a"),
            ("2", "notifier", "a"),
            ("3", "notifier", "a"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn the_log_groups_have_the_prefix_of_the_queue() {
        let prefix =
            |name: &str| name_prefix(&format!("https://sqs.eu-west-1.amazonaws.com/1/{name}")).to_owned();
        assert_eq!(prefix("orders"), "");
        assert_eq!(prefix("staging-orders"), "staging-");
    }
}
