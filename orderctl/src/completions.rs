//! `completions`: prints a completion script for a shell.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::{Generator, Shell, generate};
use terminal::stdout;

use crate::cli::Cli;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The shell
    shell: ShellName,
}

/// A shell for which completions are tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum ShellName {
    Bash,
    Zsh,
    Fish,
}

/// Prints the script.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let script = match arguments.shell {
        ShellName::Bash => generate_script(Shell::Bash),
        ShellName::Zsh => generate_script(Shell::Zsh),
        ShellName::Fish => generate_script(Shell::Fish),
    };
    stdout::print_line(&String::from_utf8(script)?)?;
    Ok(ExitCode::SUCCESS)
}

fn generate_script(shell: impl Generator) -> Vec<u8> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "orderctl", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn every_script_names_every_visible_command() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = String::from_utf8(generate_script(shell)).unwrap();
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
            input.write_all(&generate_script(shell)).unwrap();
            drop(input);
            assert!(child.wait().unwrap().success(), "{program}");
        }
    }
}
