//! `status`: what works, what does not, and what to type about it.

mod advice;
mod aws;
mod document;
mod local;
mod view;

use std::process::ExitCode;

use stack_client::{Connection, Target, is_unreachable};
use terminal::exit::{self, UNREACHABLE};
use terminal::stdout;

pub(crate) use document::Document;
use document::Problem;
#[cfg(test)]
pub(crate) use local::tests::example;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Reads the status, with what to type about each problem.
pub(crate) async fn read(connection: &Connection) -> anyhow::Result<Document> {
    let mut status = match connection.target() {
        Target::Local => local::read(connection).await,
        Target::Aws => aws::read(connection).await,
    }?;
    advice::add_problems(&mut status, connection);
    Ok(status)
}

/// Prints the status. Ends with 0 if nothing is wrong, 1 if something is, and 3 if the system cannot be reached.
pub(crate) async fn run(arguments: &Arguments, connection: &Connection) -> anyhow::Result<ExitCode> {
    let status = match read(connection).await {
        Ok(status) => status,
        Err(error) if is_unreachable(&error) && arguments.json => {
            let down = Document::down(
                connection.target(),
                Problem::new("unreachable", format!("{error:#}"), None),
            );
            stdout::print_json(&down)?;
            return Ok(ExitCode::from(UNREACHABLE));
        }
        Err(error) => return Err(error),
    };
    if arguments.json {
        stdout::print_json(&status)?;
    } else {
        stdout::print_line(&view::format(&status, connection))?;
    }
    Ok(exit::code(status.problems.is_empty()))
}
