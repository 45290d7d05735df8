//! `completions`: prints a completion script for a shell.

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::Command;
use clap_complete::{Generator, Shell, generate};
use terminal::stdout;

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

/// Prints the script for `command`, which is the whole command line.
pub(crate) fn run(arguments: &Arguments, command: &mut Command) -> anyhow::Result<ExitCode> {
    let script = match arguments.shell {
        ShellName::Bash => generate_script(Shell::Bash, command),
        ShellName::Zsh => generate_script(Shell::Zsh, command),
        ShellName::Fish => generate_script(Shell::Fish, command),
    };
    stdout::print_line(&String::from_utf8(script)?)?;
    Ok(ExitCode::SUCCESS)
}

fn generate_script(shell: impl Generator, command: &mut Command) -> Vec<u8> {
    let mut script = Vec::new();
    generate(shell, command, "orderctl", &mut script);
    script
}
