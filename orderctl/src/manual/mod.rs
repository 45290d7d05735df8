//! `man`: prints the manual page, or writes a page for each command.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Command;
use clap_mangen::Man;
use terminal::stdout;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Directory in which to write a page for each command [default: print the page of orderctl]
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Prints the page of `orderctl`, or writes the pages of all commands, such as `orderctl-dlq-list.1`. `command` is the whole command line.
pub(crate) fn run(arguments: &Arguments, command: Command) -> anyhow::Result<ExitCode> {
    if let Some(directory) = &arguments.directory {
        write_pages(directory, command)?;
    } else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page)?;
        stdout::print_line(&String::from_utf8(page)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write_pages(directory: &Path, command: Command) -> anyhow::Result<()> {
    let shown = directory.display();
    std::fs::create_dir_all(directory).with_context(|| format!("{shown} cannot be created"))?;
    clap_mangen::generate_to(command, directory).with_context(|| format!("{shown} cannot be written"))
}
