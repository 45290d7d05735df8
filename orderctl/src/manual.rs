//! `man`: prints the manual page, or writes a page for each command.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::CommandFactory;
use clap_mangen::Man;
use terminal::stdout;

use crate::cli::Cli;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Directory in which to write a page for each command [default: print the page of orderctl]
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Prints the page of `orderctl`, or writes the pages of all commands, such as `orderctl-dlq-list.1`.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let Some(directory) = &arguments.directory {
        write_pages(directory)?;
    } else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page)?;
        stdout::print_line(&String::from_utf8(page)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write_pages(directory: &Path) -> anyhow::Result<()> {
    let shown = directory.display();
    std::fs::create_dir_all(directory).with_context(|| format!("{shown} cannot be created"))?;
    clap_mangen::generate_to(Cli::command(), directory).with_context(|| format!("{shown} cannot be written"))
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    /// The names of the pages of a command and of its visible subcommands.
    fn page_names(command: &Command, name: &str) -> Vec<String> {
        let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
        let below =
            visible.flat_map(|command| page_names(command, &format!("{name}-{}", command.get_name())));
        std::iter::once(format!("{name}.1")).chain(below).collect()
    }

    #[test]
    fn every_visible_command_has_a_page() {
        let directory = tempfile::tempdir().unwrap();
        write_pages(directory.path()).unwrap();
        let names = page_names(&Cli::command(), "orderctl");
        assert!(names.contains(&"orderctl-dlq-replay.1".to_owned()), "{names:?}");
        for name in &names {
            let page = std::fs::read_to_string(directory.path().join(name)).unwrap();
            assert!(page.contains(".TH "), "{name}");
            assert!(page.contains(".SH DESCRIPTION"), "{name}");
        }
        let written = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(written, names.len());
        let main = std::fs::read_to_string(directory.path().join("orderctl.1")).unwrap();
        for command in Cli::command()
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
        {
            let name = command.get_name().replace('-', "\\-");
            assert!(main.contains(&format!("orderctl\\-{name}")), "{name}");
        }
    }
}
