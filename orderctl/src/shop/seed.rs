//! `shop seed`: adds a sample catalogue.

use std::process::ExitCode;

use anyhow::Context;
use reqwest::StatusCode;
use serde_json::{Value, json};
use stack_client::problem::format_problem;
use stack_client::{Api, Connection};
use terminal::stdout;

use super::{drawing, upload};

/// Made-up books. Their ISBN are in the group 979-9, which is not assigned, so no book has them.
const BOOKS: &str = include_str!("books.json");

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The catalogue, on AWS an output of the stack of the shop [default: that of the running system]
    #[arg(long, value_name = "URL")]
    catalog_url: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The answers to all books.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    added: usize,
    /// The same book was there.
    present: usize,
    /// Another book with the ISBN was there, because somebody has changed it.
    kept: usize,
    /// A cover was uploaded. The function makes the pictures afterwards.
    covers: usize,
}

/// Adds the books. The API takes a book twice, so an interrupted run can be repeated.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let catalogue = connection.catalogue(arguments.catalog_url.as_deref()).await?;
    let books: Vec<Value> = serde_json::from_str(BOOKS).context("the sample books cannot be read")?;
    let mut counts = Counts::default();
    for book in &books {
        let (status, stored) = add(&catalogue, book).await?;
        // A book that somebody has changed is left alone.
        if status != StatusCode::CONFLICT && stored["cover"]["state"] == "none" {
            let isbn = book["isbn"].as_str().unwrap_or_default();
            upload::upload(&catalogue, connection, isbn, &drawing::draw(isbn)?).await?;
            counts.covers += 1;
        }
        match status {
            StatusCode::CREATED => counts.added += 1,
            StatusCode::CONFLICT => counts.kept += 1,
            _ => counts.present += 1,
        }
    }
    let Counts {
        added,
        present,
        kept,
        covers,
    } = counts;
    if arguments.json {
        stdout::print_json(
            &json!({"version": 1, "added": added, "present": present, "kept": kept, "covers": covers}),
        )?;
    } else {
        stdout::print_line(&format!(
            "{added} books added, {present} were there already, {kept} were there with changes and stay; {covers} covers uploaded"
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds one book. Returns the answer and its status: 201, 200 for a book that is there, or 409 for another one with its ISBN.
async fn add(catalogue: &Api, book: &Value) -> anyhow::Result<(StatusCode, Value)> {
    let request = catalogue.post("/books").json(book);
    let response = catalogue.send(request).await?;
    let status = response.status();
    let body = response.bytes().await?;
    if matches!(
        status,
        StatusCode::CREATED | StatusCode::OK | StatusCode::CONFLICT
    ) {
        let answer = serde_json::from_slice(&body).context("an answer of the catalogue cannot be read")?;
        return Ok((status, answer));
    }
    anyhow::bail!(
        "the book {} was not added: {}",
        book["isbn"].as_str().unwrap_or_default(),
        format_problem(status, &body)
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_sample_has_an_isbn_of_its_own_that_no_publisher_has() {
        let books: Vec<Value> = serde_json::from_str(BOOKS).unwrap();
        let numbers: BTreeSet<&str> = books.iter().map(|book| book["isbn"].as_str().unwrap()).collect();
        assert_eq!(numbers.len(), books.len());
        assert!(numbers.iter().all(|number| number.starts_with("9799")));
    }
}
