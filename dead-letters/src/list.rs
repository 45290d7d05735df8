//! `dlq list`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::process::ExitCode;

use order_core::Timestamp;
use time::OffsetDateTime;

use crate::dead_letter::Letter;
use crate::filter::Filter;
use crate::queue::{Counts, DeadLetterQueue, QueueName};
use crate::scan::{CutShort, Gone, Sweep, SweepOptions, SweepReport};
use stack_client::Connection;
use terminal::stdout;
use terminal::table::format_table;
use terminal::text::sanitize_line;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    filter: Filter,
    /// Print JSON Lines, bodies included, in the order in which SQS hands them out
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    sweep: SweepOptions,
}

/// A line of the table: what is kept of a letter, so that a hundred thousand of them fit in memory.
#[derive(Debug)]
struct Line {
    /// Milliseconds since the epoch, by which they are sorted.
    failed_at: Option<i64>,
    message_id: String,
    order_id: Option<String>,
    queue: QueueName,
    reason: String,
    receive_count: u64,
}

impl From<Letter> for Line {
    fn from(letter: Letter) -> Self {
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
    let mut lines = Vec::new();
    let mut notes = Vec::new();
    let mut code = ExitCode::SUCCESS;
    for name in QueueName::chosen(arguments.filter.queue) {
        let queue = DeadLetterQueue::open(connection, name).await?;
        let counts = queue.counts().await?;
        let report = look(arguments, &queue, now, &mut lines).await;
        notes.extend(honesty(queue.label(), &report, counts));
        if let Some(error) = report.error {
            return Err(error);
        }
        if report.cut_short == Some(CutShort::Interrupted) {
            code = ExitCode::FAILURE;
            break;
        }
    }
    if !arguments.json && lines.is_empty() {
        eprintln!(
            "no dead letters{}",
            if arguments.filter.is_given() {
                " that match"
            } else {
                ""
            }
        );
    } else if !arguments.json {
        lines.sort_by_key(|line| std::cmp::Reverse(line.failed_at));
        stdout::print_line(&describe(&lines, now))?;
    }
    for note in notes {
        eprintln!("{note}");
    }
    Ok(code)
}

async fn look(
    arguments: &Arguments,
    queue: &DeadLetterQueue,
    now: Timestamp,
    lines: &mut Vec<Line>,
) -> SweepReport {
    let lines = RefCell::new(lines);
    let sweep = Sweep::new(queue, &arguments.sweep);
    sweep
        .run(async |_, found| {
            for found in found {
                if !arguments.filter.passes(&found.letter, now) {
                    continue;
                }
                if arguments.json {
                    stdout::print_json(&found.letter)?;
                } else {
                    lines.borrow_mut().push(found.letter.into());
                }
            }
            Ok(Gone::new())
        })
        .await
}

/// What a list does not show, if it may not show all.
fn honesty(queue: &str, report: &SweepReport, counts: Counts) -> Option<String> {
    let seen = report.seen;
    let mut notes = Vec::new();
    let all = counts.visible + counts.hidden;
    if all > seen {
        notes.push(format!("seen {seen} of about {all} in {queue}"));
        match report.cut_short {
            Some(CutShort::Full) => notes.push("SQS shows no more at a time".to_owned()),
            Some(CutShort::Interrupted) => notes.push("stopped before the end".to_owned()),
            _ if counts.hidden > 0 => {
                notes.push(format!("{} of them were held by another receiver", counts.hidden));
            }
            _ => notes.push("SQS counts late, or keeps some from us: ask again".to_owned()),
        }
    }
    if report.still_hidden > 0 {
        notes.push(format!(
            "{} could not be given back at once, and come back by themselves",
            report.still_hidden
        ));
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}

fn describe(lines: &[Line], now: Timestamp) -> String {
    let rows: Vec<[String; 6]> = lines
        .iter()
        .map(|line| {
            let age = line
                .failed_at
                .map_or_else(|| "?".to_owned(), |at| age(now.unix_milliseconds() - at));
            [
                line.message_id.clone(),
                line.order_id
                    .as_deref()
                    .map_or_else(|| "-".to_owned(), sanitize_line),
                line.queue.name().to_owned(),
                sanitize_line(&line.reason),
                age,
                line.receive_count.to_string(),
            ]
        })
        .collect();
    let table = format_table(["MESSAGE", "ORDER", "QUEUE", "REASON", "AGE", "RECEIVED"], &rows);
    format!("{table}\n\n{}", summary(lines))
}

/// How many letters have each reason, the most frequent first.
fn summary(lines: &[Line]) -> String {
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for line in lines {
        *reasons.entry(&line.reason).or_default() += 1;
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let reasons: Vec<String> = reasons
        .iter()
        .map(|(reason, count)| format!("{count} {}", sanitize_line(reason)))
        .collect();
    let letters = if lines.len() == 1 { "letter" } else { "letters" };
    format!("{} dead {letters}: {}", lines.len(), reasons.join(", "))
}

/// A span in its largest unit.
pub(super) fn age(milliseconds: i64) -> String {
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
    use crate::dead_letter::tests::letter;

    #[test]
    fn a_line_tells_what_failed_where_why_and_when() {
        let poison = Letter {
            order_id: None,
            queue: QueueName::Notifications,
            reason: "a\u{1b}b".to_owned(),
            failed_at: None,
            ..letter()
        };
        let now = "2026-11-23T11:36:00.000Z".parse().unwrap();
        let lines = [letter(), letter(), poison].map(Line::from);
        insta::assert_snapshot!(describe(&lines, now), @r"
        MESSAGE  ORDER                                 QUEUE          REASON    AGE  RECEIVED
        m-1      0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b  orders         conflict  2 h  1
        m-1      0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b  orders         conflict  2 h  1
        m-1      -                                     notifications  a�b       ?    1

        3 dead letters: 2 conflict, 1 a�b
        ");
    }

    #[test]
    fn what_is_not_shown_is_told() {
        let report = |seen, cut_short| SweepReport {
            seen,
            cut_short,
            ..SweepReport::default()
        };
        let counts = |visible, hidden| Counts { visible, hidden };
        assert_eq!(honesty("orders-dlq", &report(12, None), counts(12, 0)), None);
        assert_eq!(honesty("orders-dlq", &report(12, None), counts(10, 0)), None);
        let notes = [
            honesty("orders-dlq", &report(10, None), counts(12, 0)),
            honesty("orders-dlq", &report(10, None), counts(10, 2)),
            honesty(
                "orders-dlq",
                &report(10, Some(CutShort::Interrupted)),
                counts(12, 0),
            ),
            honesty(
                "orders-dlq",
                &report(110_000, Some(CutShort::Full)),
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

    #[test]
    fn an_age_is_said_in_its_largest_unit() {
        let ages = [-5, 59_000, 60_000, 3_599_000, 7_200_000, 200_000_000].map(age);
        assert_eq!(ages, ["0 s", "59 s", "1 min", "59 min", "2 h", "2 d"]);
    }
}
