use clap::{Command, CommandFactory};

use super::*;
use crate::cli::Cli;

/// The names of the pages of a command and of its visible subcommands.
fn page_names(command: &Command, name: &str) -> Vec<String> {
    let visible = command.get_subcommands().filter(|command| !command.is_hide_set());
    let below = visible.flat_map(|command| page_names(command, &format!("{name}-{}", command.get_name())));
    std::iter::once(format!("{name}.1")).chain(below).collect()
}

#[test]
fn every_visible_command_has_a_page() {
    let directory = tempfile::tempdir().unwrap();
    write_pages(directory.path(), Cli::command()).unwrap();
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
