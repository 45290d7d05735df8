//! The configuration of the local cloud.

use std::time::Duration;

use anyhow::Context;
use local_cloud::FaultPlan;
use local_cloud::config::{DataLocation, Durability, LocalCloudConfig, Pages};
use local_cloud::lambda::{Command, Launcher, Program};
use proof::faults;
use stack_client::Connection;
use storefront::Storefront;
use web_console::Console;

use super::arguments::{Arguments, ISOLATION_VARIABLE, Isolation, Sync};
use super::parameters::choose_parameters;
use super::shop;
use crate::local::tasks;

/// The template that `up` deploys.
const TEMPLATE: &str = include_str!("../../../../template.yaml");

/// Makes the configuration from the arguments.
pub(super) fn make_configuration(
    arguments: &Arguments,
    connection: &Connection,
    console: &Console,
    storefront: &Storefront,
) -> anyhow::Result<LocalCloudConfig> {
    let template = match &arguments.template {
        None => TEMPLATE.to_owned(),
        Some(path) => {
            std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?
        }
    };
    let launcher = make_launcher(arguments)?;
    let declared = local_cloud::template::parameter_names(&template)?;
    let mut config = LocalCloudConfig::new(template, launcher);
    config.data = if arguments.ephemeral {
        DataLocation::Ephemeral
    } else {
        DataLocation::Directory(connection.data_dir().to_owned())
    };
    config.durability = match arguments.sync {
        Sync::Normal => Durability::Process,
        Sync::Full => Durability::Power,
    };
    config.api_port = arguments.api_port;
    config.aws_port = arguments.aws_port;
    config.parameters = choose_parameters(arguments, &declared);
    config.confirm_emails = !arguments.confirm_manually;
    config.keep_mail = (arguments.keep_mail > 0).then(|| Duration::from_hours(24 * arguments.keep_mail));
    config.pages = Some(Pages {
        path: web_console::PATH,
        routes: console.routes(),
    });
    config.further_stacks = shop::make_stack(arguments, storefront).into_iter().collect();
    config.strict_keys = arguments.strict_keys;
    config.api_key = connection.api_key().map(str::to_owned);
    if let Some(limit) = arguments.function_concurrency {
        // Each invocation has a process of its own then, as on AWS.
        config.function_concurrency = limit.get();
        config.function_processes = limit.get();
    }
    config.faults = match &arguments.faults {
        None => None,
        Some(file) => {
            let plan = FaultPlan::parse(&faults::read_plan(file)?);
            Some(plan.map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?)
        }
    };
    Ok(config)
}

/// Finds the programs of the functions.
fn make_launcher(arguments: &Arguments) -> anyhow::Result<Launcher> {
    let variable = std::env::var_os(ISOLATION_VARIABLE);
    if arguments.isolation(variable.as_deref())? == Isolation::Task {
        return Ok(Launcher::new(|binary| Program::Task(tasks::find(binary))));
    }
    // The path is read once. After a rebuild it leads to the new program, which later processes run.
    let own = std::env::current_exe().context("this program's own path is not known")?;
    let program = match &arguments.functions {
        // A function starts in another directory than this process.
        Some(program) => std::path::absolute(program).context("the path of --functions is not known")?,
        None => own.clone(),
    };
    Ok(Launcher::new(move |binary| Command {
        // An older release has no shop.
        program: if shop::PROGRAMS.contains(&binary) {
            &own
        } else {
            &program
        }
        .clone(),
        arguments: vec!["service".into(), binary.into()],
    }))
}
