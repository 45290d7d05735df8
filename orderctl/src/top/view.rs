//! The screen. It is made for 80 columns.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Style, Stylize};
use ratatui::text::{Line, Text};
use ratatui::widgets::{Paragraph, Row, Table};
use terminal::text::sanitize_line;

use super::board::{Board, Failures, Stage};

/// The keys, as the last line shows them.
const KEYS: &str = "q quit   p pause   + faster   - slower";

/// The texts that the screen shows beside the figures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) interval_seconds: u64,
    pub(super) is_paused: bool,
}

/// Draws the screen. Without a board nothing was read yet. `failure` says why the last reading failed.
pub(super) fn draw(frame: &mut Frame, board: Option<&Board>, failure: Option<&str>, settings: Settings) {
    let stages = board.map_or(0, |board| board.stages.len());
    let rows = [
        Constraint::Length(2),
        Constraint::Length(u16::try_from(stages).unwrap_or(u16::MAX).saturating_add(2)),
        Constraint::Fill(1),
        Constraint::Fill(1),
        Constraint::Length(1),
    ];
    let [head, table, problems, failures, keys] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(head_line(board, failure), head);
    if let Some(board) = board {
        frame.render_widget(stage_table(&board.stages), table);
        frame.render_widget(problem_list(board), problems);
        frame.render_widget(failure_table(&board.failures), failures);
    }
    let state = if settings.is_paused {
        "paused".to_owned()
    } else {
        format!("every {} s", settings.interval_seconds)
    };
    frame.render_widget(Line::from(format!("{KEYS}   ({state})")).dim(), keys);
}

fn head_line(board: Option<&Board>, failure: Option<&str>) -> Line<'static> {
    if let Some(failure) = failure {
        return Line::from(sanitize_line(failure)).red().bold();
    }
    match board {
        None => Line::from("reading ..."),
        Some(board) if board.ringing > 0 => {
            let text = format!(
                "{}   {} of {} alarms ring",
                board.title, board.ringing, board.alarms
            );
            Line::from(text).red().bold()
        }
        Some(board) if board.problems.is_empty() => {
            Line::from(format!("{}   nothing is wrong", board.title)).green()
        }
        Some(board) => Line::from(format!("{}   {} problems", board.title, board.problems.len())).yellow(),
    }
}

fn stage_table(stages: &[Stage]) -> Table<'static> {
    let rows = stages.iter().map(|stage| {
        let row = Row::new([
            sanitize_line(&stage.name),
            shown(stage.per_second.map(|rate| format!("{rate:.1}"))),
            shown(stage.waiting.map(|count| count.to_string())),
            shown(stage.delayed.map(|count| count.to_string())),
            shown(stage.in_flight.map(|count| count.to_string())),
            shown(stage.oldest_seconds.map(format_seconds)),
            shown(stage.p50_ms.map(format_milliseconds)),
            shown(stage.p99_ms.map(format_milliseconds)),
        ]);
        if stage.name.ends_with("-dlq") && stage.waiting.is_some_and(|count| count > 0) {
            row.red()
        } else {
            row
        }
    });
    let widths = [
        Constraint::Length(26),
        Constraint::Length(7),
        Constraint::Length(8),
        Constraint::Length(7),
        Constraint::Length(7),
        Constraint::Length(6),
        Constraint::Length(6),
        Constraint::Length(6),
    ];
    let head = [
        "STAGE", "DONE/S", "WAITING", "RETRY", "FLIGHT", "OLDEST", "P50", "P99",
    ];
    Table::new(rows, widths).header(Row::new(head).style(Style::new().bold()))
}

fn problem_list(board: &Board) -> Paragraph<'static> {
    let mut lines = vec![Line::from("WRONG").bold()];
    if board.problems.is_empty() {
        lines.push(Line::from("nothing"));
    }
    lines.extend(
        board
            .problems
            .iter()
            .map(|problem| Line::from(sanitize_line(problem))),
    );
    Paragraph::new(Text::from(lines))
}

fn failure_table(failures: &[Failures]) -> Table<'static> {
    let rows = failures.iter().map(|failure| {
        Row::new([
            sanitize_line(&failure.service),
            sanitize_line(&failure.reason),
            format!("{:.0}", failure.count),
            format!("{:.1}", failure.per_second),
            if failure.are_dead {
                "dead letter"
            } else {
                "tried later"
            }
            .to_owned(),
        ])
    });
    let widths = [
        Constraint::Length(14),
        Constraint::Length(30),
        Constraint::Length(9),
        Constraint::Length(7),
        Constraint::Fill(1),
    ];
    let head = ["FAILED IN", "REASON", "MESSAGES", "PER S", "NOW"];
    Table::new(rows, widths).header(Row::new(head).style(Style::new().bold()))
}

fn shown(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

fn format_seconds(seconds: u64) -> String {
    match seconds {
        ..100 => format!("{seconds} s"),
        100..6000 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}

fn format_milliseconds(milliseconds: f64) -> String {
    match milliseconds {
        ..1000.0 => format!("{milliseconds:.0}ms"),
        1000.0..100_000.0 => format!("{:.1}s", milliseconds / 1000.0),
        _ => format!("{:.0}min", milliseconds / 60_000.0),
    }
}
