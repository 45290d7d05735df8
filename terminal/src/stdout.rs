//! Printing on standard output.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

/// Prints a value as one line of JSON.
pub fn print_json(value: &impl Serialize) -> io::Result<()> {
    print_line(&serde_json::to_string(value)?)
}

/// Prints an object as one line of JSON, with the version of its form. docs/CLI.md describes each form. The version grows
/// when a field goes away or changes its meaning.
pub fn print_document(version: u32, value: &impl Serialize) -> io::Result<()> {
    print_json(&add_version(version, value)?)
}

fn add_version(version: u32, value: &impl Serialize) -> serde_json::Result<Value> {
    let mut document = serde_json::to_value(value)?;
    if let Value::Object(fields) = &mut document {
        fields.insert("version".to_owned(), version.into());
    }
    Ok(document)
}

/// Prints text and a line break. A closed pipe is an error here; `println!` would panic.
pub fn print_line(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    // A program that follows the output needs each line at once.
    stdout.flush()
}

/// Whether an error says that the reader of standard output has closed the pipe, as `head` does.
#[must_use]
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_the_version_of_its_form() {
        let document = add_version(2, &serde_json::json!({ "sent": 1 })).unwrap();
        assert_eq!(document, serde_json::json!({ "sent": 1, "version": 2 }));
    }

    #[test]
    fn a_closed_pipe_is_told_from_other_errors() {
        assert!(is_broken_pipe(&io::Error::from(io::ErrorKind::BrokenPipe).into()));
        assert!(!is_broken_pipe(&io::Error::from(io::ErrorKind::NotFound).into()));
    }
}
