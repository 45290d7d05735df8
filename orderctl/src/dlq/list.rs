//! `dlq list`.

use std::process::ExitCode;

use order_core::Timestamp;
use time::OffsetDateTime;

use super::letter::Letter;
use super::queue::{DeadLetterQueue, QueueName};
use super::receive::letters;
use crate::connection::Connection;
use crate::output::{self, cell, table};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only the dead letters of this queue
    #[arg(long)]
    queue: Option<QueueName>,
    /// Print JSON Lines, bodies included
    #[arg(long)]
    json: bool,
}

/// Prints the dead letters.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    for queue in QueueName::chosen(arguments.queue) {
        all.extend(letters(&DeadLetterQueue::open(connection, queue).await?).await?);
    }
    if arguments.json {
        for letter in &all {
            output::json_line(letter)?;
        }
    } else if all.is_empty() {
        eprintln!("no dead letters");
    } else {
        output::line(&describe(&all, Timestamp::new(OffsetDateTime::now_utc())))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(letters: &[Letter], now: Timestamp) -> String {
    let rows: Vec<[String; 6]> = letters
        .iter()
        .map(|letter| {
            let failed_at: Option<Timestamp> = letter.failed_at.as_deref().and_then(|at| at.parse().ok());
            let age = failed_at.map_or_else(
                || "?".to_owned(),
                |at| age(now.unix_milliseconds() - at.unix_milliseconds()),
            );
            [
                letter.message_id.clone(),
                letter.order_id.as_deref().map_or_else(|| "-".to_owned(), cell),
                letter.queue.name().to_owned(),
                cell(&letter.reason),
                age,
                letter.receive_count.to_string(),
            ]
        })
        .collect();
    table(["MESSAGE", "ORDER", "QUEUE", "REASON", "AGE", "RECEIVED"], &rows)
}

/// A span in its largest unit.
fn age(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_what_failed_where_why_and_when() {
        let letter = Letter {
            message_id: "m-1".to_owned(),
            order_id: Some("0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b".to_owned()),
            queue: QueueName::Orders,
            reason: "conflict".to_owned(),
            detail: None,
            failed_at: Some("2026-11-23T09:35:00.000Z".to_owned()),
            body: String::new(),
            receive_count: 1,
        };
        let poison = Letter {
            order_id: None,
            queue: QueueName::Notifications,
            reason: "a\u{1b}b".to_owned(),
            failed_at: None,
            ..letter.clone()
        };
        let now = "2026-11-23T11:36:00.000Z".parse().unwrap();
        insta::assert_snapshot!(describe(&[letter, poison], now), @r"
        MESSAGE  ORDER                                 QUEUE          REASON    AGE  RECEIVED
        m-1      0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b  orders         conflict  2 h  1
        m-1      -                                     notifications  a�b       ?    1
        ");
    }

    #[test]
    fn an_age_is_said_in_its_largest_unit() {
        let ages = [-5, 59_000, 60_000, 3_599_000, 7_200_000, 200_000_000].map(age);
        assert_eq!(ages, ["0 s", "59 s", "1 min", "59 min", "2 h", "2 d"]);
    }
}
