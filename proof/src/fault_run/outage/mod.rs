//! `fault-run --outage`: takes a service away for a long time, and verifies that nothing is lost, that nobody calls it more than
//! one call at a time, and that the backlog drains at full rate when it returns.

mod control;
mod drain;
mod report;
mod run;
pub(super) mod scale;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use terminal::stdout;
use terminal::text::quote_path;

use super::arguments::Arguments;
use super::scratch::{Scratch, TEMPLATE};
use crate::outages::OutageTarget;
use report::{Build, Report};
use run::OutageRun;
use scale::Scale;

/// Runs the outage of each target, and beside it that of the baseline. Fails if this build breaks a promise.
pub(super) async fn run(arguments: &Arguments, scale: Scale) -> anyhow::Result<ExitCode> {
    eprintln!("{}", scale.describe());
    let mut targets = arguments.away.clone();
    if targets.is_empty() {
        targets = OutageTarget::ALL.to_vec();
    }
    let mut builds = vec![(Build::This, TEMPLATE.to_owned(), None)];
    if let (Some(program), Some(template)) = (&arguments.baseline, &arguments.baseline_template) {
        builds.push((Build::Baseline, read_template(template)?, Some(program.clone())));
    }
    let mut report = Report::new(scale);
    for target in targets {
        for (build, template, functions) in &builds {
            let scratch = Scratch::create(template, scale.visibility_timeout())?;
            eprintln!(
                "{} away from {}: state, logs and journal are in {}",
                target.name(),
                build.name(),
                quote_path(scratch.path())
            );
            let run = OutageRun {
                arguments,
                scale,
                target,
                build: *build,
                scratch: &scratch,
            };
            let outcome = run.play(functions.clone()).await?;
            let is_right = outcome.is_right();
            report.outcomes.push(outcome);
            if !is_right {
                eprintln!("what was found is kept in {}", quote_path(scratch.path()));
            } else if !arguments.keep {
                scratch.remove();
            }
        }
    }
    if arguments.json {
        stdout::print_document(1, &report.to_json())?;
    } else {
        stdout::print_line(&report.format())?;
    }
    Ok(if report.is_right() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn read_template(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}
