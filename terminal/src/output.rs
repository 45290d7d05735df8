//! Printing: JSON Lines for programs, text that a terminal survives for people.

use std::io::{self, Write};

use serde::Serialize;

/// Prints one line of JSON on standard output.
pub fn json_line(value: &impl Serialize) -> io::Result<()> {
    line(&serde_json::to_string(value)?)
}

/// Prints text and a line break on standard output. A closed pipe is an error here, not a panic as in `println!`.
pub fn line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    // A follower's reader wants each line as it comes.
    stdout.flush()
}

/// Whether an error is that nobody reads our output any more.
#[must_use]
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Text from outside, without what could steer a terminal: control characters other than line breaks are replaced.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() && character != '\n' {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// A cell of a table: printable, in one line.
#[must_use]
pub fn cell(text: &str) -> String {
    printable(text).replace('\n', " ")
}

/// Lines of a table, its columns as wide as their widest cell, two spaces apart.
#[must_use]
pub fn table<const COLUMNS: usize>(head: [&str; COLUMNS], rows: &[[String; COLUMNS]]) -> String {
    let mut widths = head.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let format = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut lines = vec![format(head.to_vec())];
    lines.extend(
        rows.iter()
            .map(|row| format(row.iter().map(String::as_str).collect())),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_lines_its_columns_up() {
        let rows = [
            ["a".to_owned(), "long cell".to_owned()],
            ["bcd".to_owned(), "x".to_owned()],
        ];
        insta::assert_snapshot!(table(["ID", "TEXT"], &rows), @r"
        ID   TEXT
        a    long cell
        bcd  x
        ");
    }

    #[test]
    fn what_steers_a_terminal_is_replaced() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\r"), "a\u{fffd}[2Jb\nc\u{fffd}");
        assert_eq!(cell("a\nb"), "a b");
    }

    #[test]
    fn a_closed_pipe_is_told_from_other_errors() {
        assert!(is_broken_pipe(&io::Error::from(io::ErrorKind::BrokenPipe).into()));
        assert!(!is_broken_pipe(&io::Error::from(io::ErrorKind::NotFound).into()));
    }
}
