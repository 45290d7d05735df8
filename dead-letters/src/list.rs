//! `dlq list`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::process::ExitCode;

use order_core::Timestamp;
use stack_client::Connection;
use terminal::stdout;
use terminal::table::format_table;
use terminal::text::sanitize_line;
use time::OffsetDateTime;

use crate::age::format_age;
use crate::dead_letter::DeadLetter;
use crate::filter::Filter;
use crate::queue::{DeadLetterQueue, MessageCounts, QueueName};
use crate::scan::{DeletedIds, Scan, ScanOptions, ScanReport, StopReason};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    filter: Filter,
    /// Print JSON Lines, bodies included, in the order in which SQS hands them out
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    scan: ScanOptions,
}

/// A row of the table. It holds no body, so that a hundred thousand rows fit into memory.
#[derive(Debug)]
struct TableRow {
    /// Milliseconds since the epoch. Rows are sorted by it.
    failed_at: Option<i64>,
    message_id: String,
    order_id: Option<String>,
    queue: QueueName,
    reason: String,
    receive_count: u64,
}

impl From<DeadLetter> for TableRow {
    fn from(letter: DeadLetter) -> Self {
        Self {
            failed_at: letter.failed_at().map(Timestamp::unix_milliseconds),
            message_id: letter.message_id,
            order_id: letter.order_id,
            queue: letter.queue,
            reason: letter.reason,
            receive_count: letter.receive_count,
        }
    }
}

/// Prints the dead letters, newest first, and how many there are of each reason.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let now = Timestamp::new(OffsetDateTime::now_utc());
    let mut letters = Vec::new();
    let mut notes = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for queue in DeadLetterQueue::open_selected(connection, arguments.filter.queue).await? {
        let counts = queue.counts().await?;
        let report = scan_queue(arguments, &queue, now, &mut letters).await;
        notes.extend(incompleteness_note(queue.label(), &report, counts));
        if let Some(error) = report.error {
            return Err(error);
        }
        if report.stop_reason == Some(StopReason::Interrupted) {
            code = ExitCode::FAILURE;
            break;
        }
    }
    if !arguments.json && letters.is_empty() {
        eprintln!(
            "no dead letters{}",
            if arguments.filter.is_given() {
                " that match"
            } else {
                ""
            }
        );
    } else if !arguments.json {
        letters.sort_by_key(|letter| std::cmp::Reverse(letter.failed_at));
        stdout::print_line(&format(&letters, now))?;
    }
    for note in notes {
        eprintln!("{note}");
    }
    Ok(code)
}

async fn scan_queue(
    arguments: &Arguments,
    queue: &DeadLetterQueue,
    now: Timestamp,
    letters: &mut Vec<TableRow>,
) -> ScanReport {
    let letters = RefCell::new(letters);
    let scan = Scan::new(queue, &arguments.scan);
    scan.run(async |_, found| {
        for found in found {
            if !arguments.filter.passes(&found.letter, now) {
                continue;
            }
            if arguments.json {
                stdout::print_json(&found.letter)?;
            } else {
                letters.borrow_mut().push(found.letter.into());
            }
        }
        Ok(DeletedIds::new())
    })
    .await
}

/// Says how many letters the list may lack, and why.
fn incompleteness_note(queue: &str, report: &ScanReport, counts: MessageCounts) -> Option<String> {
    let seen = report.seen;
    let mut notes = Vec::new();
    let all = counts.visible + counts.hidden;
    if all > seen {
        notes.push(format!("seen {seen} of about {all} in {queue}"));
        match report.stop_reason {
            Some(StopReason::HoldLimit) => notes.push("SQS shows no more at a time".to_owned()),
            Some(StopReason::Interrupted) => notes.push("stopped before the end".to_owned()),
            _ if counts.hidden > 0 => {
                notes.push(format!("{} of them were held by another receiver", counts.hidden));
            }
            _ => notes.push("SQS counts late, or keeps some from us: ask again".to_owned()),
        }
    }
    if report.still_hidden > 0 {
        notes.push(format!(
            "{} stay hidden until their visibility timeout is over",
            report.still_hidden
        ));
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}

fn format(letters: &[TableRow], now: Timestamp) -> String {
    let rows: Vec<[String; 6]> = letters
        .iter()
        .map(|letter| {
            let age = letter
                .failed_at
                .map_or_else(|| "?".to_owned(), |at| format_age(now.unix_milliseconds() - at));
            [
                letter.message_id.clone(),
                letter
                    .order_id
                    .as_deref()
                    .map_or_else(|| "-".to_owned(), sanitize_line),
                letter.queue.name().to_owned(),
                sanitize_line(&letter.reason),
                age,
                letter.receive_count.to_string(),
            ]
        })
        .collect();
    let table = format_table(["MESSAGE", "ORDER", "QUEUE", "REASON", "AGE", "RECEIVED"], &rows);
    format!("{table}\n\n{}", summary(letters))
}

/// How many letters have each reason, the most frequent first.
fn summary(letters: &[TableRow]) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for letter in letters {
        *reasons.entry(&letter.reason).or_default() += 1;
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let reasons: Vec<String> = reasons
        .iter()
        .map(|(reason, count)| format!("{count} {}", sanitize_line(reason)))
        .collect();
    let noun = if letters.len() == 1 { "letter" } else { "letters" };
    format!("{} dead {noun}: {}", letters.len(), reasons.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dead_letter::tests::dead_letter;

    #[test]
    fn a_row_shows_what_failed_where_why_and_when() {
        let poison = DeadLetter {
            order_id: None,
            queue: QueueName::Notifications,
            reason: "a\u{1b}b".to_owned(),
            failed_at: None,
            ..dead_letter()
        };
        let now = "2026-11-23T11:36:00.000Z".parse().unwrap();
        let letters = [dead_letter(), dead_letter(), poison].map(TableRow::from);
        insta::assert_snapshot!(format(&letters, now), @r"
        MESSAGE  ORDER                                 QUEUE          REASON    AGE  RECEIVED
        m-1      0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b  orders         conflict  2 h  1
        m-1      0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b  orders         conflict  2 h  1
        m-1      -                                     notifications  a�b       ?    1

        3 dead letters: 2 conflict, 1 a�b
        ");
    }

    #[test]
    fn letters_that_are_not_shown_are_counted() {
        let report = |seen, stop_reason| ScanReport {
            seen,
            stop_reason,
            ..ScanReport::default()
        };
        let counts = |visible, hidden| MessageCounts { visible, hidden };
        assert_eq!(
            incompleteness_note("orders-dlq", &report(12, None), counts(12, 0)),
            None
        );
        assert_eq!(
            incompleteness_note("orders-dlq", &report(12, None), counts(10, 0)),
            None
        );
        let notes = [
            incompleteness_note("orders-dlq", &report(10, None), counts(12, 0)),
            incompleteness_note("orders-dlq", &report(10, None), counts(10, 2)),
            incompleteness_note(
                "orders-dlq",
                &report(10, Some(StopReason::Interrupted)),
                counts(12, 0),
            ),
            incompleteness_note(
                "orders-dlq",
                &report(110_000, Some(StopReason::HoldLimit)),
                counts(500_000, 0),
            ),
        ];
        insta::assert_snapshot!(notes.map(Option::unwrap).join("\n"), @r"
        seen 10 of about 12 in orders-dlq; SQS counts late, or keeps some from us: ask again
        seen 10 of about 12 in orders-dlq; 2 of them were held by another receiver
        seen 10 of about 12 in orders-dlq; stopped before the end
        seen 110000 of about 500000 in orders-dlq; SQS shows no more at a time
        ");
    }
}
