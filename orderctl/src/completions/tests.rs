use std::io::Write;
use std::process::{Command, Stdio};

use clap::CommandFactory;

use super::*;
use crate::cli::Cli;

#[test]
fn every_script_names_every_visible_command() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let script = String::from_utf8(generate_script(shell, &mut Cli::command())).unwrap();
        for command in Cli::command()
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
        {
            assert!(script.contains(command.get_name()), "{shell} {command}");
        }
        for name in ["replay", "purge", "--dry-run", "--data-dir"] {
            // fish writes options without their hyphens.
            assert!(script.contains(name.trim_start_matches('-')), "{shell} {name}");
        }
    }
}

/// Each shell checks the syntax of its script, if it is installed. Bash always is.
#[test]
fn the_shells_can_parse_their_scripts() {
    for (shell, program) in [(Shell::Bash, "bash"), (Shell::Zsh, "zsh"), (Shell::Fish, "fish")] {
        let started = Command::new(program).arg("-n").stdin(Stdio::piped()).spawn();
        let Ok(mut child) = started else {
            assert_ne!(program, "bash", "bash cannot be started");
            continue;
        };
        let mut input = child.stdin.take().unwrap();
        input
            .write_all(&generate_script(shell, &mut Cli::command()))
            .unwrap();
        drop(input);
        assert!(child.wait().unwrap().success(), "{program}");
    }
}
