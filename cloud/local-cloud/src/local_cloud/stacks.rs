//! The stacks: each has a port for its REST API, and a template that is read with it.

use std::collections::BTreeMap;

use cloud_cloudformation::{Stack, StackLocation, TemplateError, parameter_names};
use cloud_http::Listener;
use cloud_lambda::Credentials;
use cloud_wire::{ACCOUNT, REGION};

use super::error::StartError;
use super::ports::bind;
use crate::config::{LocalCloudConfig, Pages, Port};
use crate::names::check_names;

/// The name of the first stack.
pub(super) const STACK_NAME: &str = "orders";

/// The parameter of a further stack that lists the origins whose pages may call its REST API. The pages on its own port need none.
const NO_ORIGINS: &str = "";

/// A stack, where it is, and the pages beside its REST API.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) stack: Stack,
    pub(super) location: StackLocation,
    /// The parameter that lists the origins whose pages may call the REST API.
    pub(super) origins_parameter: String,
    pub(super) pages: Option<Pages>,
}

/// All stacks.
#[derive(Debug)]
pub(super) struct Stacks {
    pub(super) first: Located,
    pub(super) further: Vec<Located>,
}

impl Stacks {
    pub(super) fn all(&self) -> impl Iterator<Item = &Located> {
        std::iter::once(&self.first).chain(&self.further)
    }
}

/// Binds the port of every REST API and reads every template. Returns the listeners in the order of [`Stacks::all`].
pub(super) async fn locate(
    config: &LocalCloudConfig,
    aws_endpoint_url: &str,
) -> Result<(Stacks, Vec<Listener>), StartError> {
    let location = |stack_name: &str, api_url: &str| StackLocation {
        region: REGION.to_owned(),
        account_id: ACCOUNT.to_owned(),
        stack_name: stack_name.to_owned(),
        aws_endpoint_url: aws_endpoint_url.to_owned(),
        api_url: api_url.to_owned(),
    };
    let (listener, api_url) = bind(Port::Exactly(config.api_port), "--api-port").await?;
    let mut listeners = vec![listener];
    let (mut further, mut origins) = (Vec::new(), Vec::new());
    for one in &config.further_stacks {
        let (listener, api_url) = bind(one.api_port, one.port_option).await?;
        listeners.push(listener);
        let location = location(&one.name, &api_url);
        further.push(Located {
            stack: with_key_values(Stack::load(&one.template, &one.parameters, &location)?, None),
            location,
            origins_parameter: NO_ORIGINS.to_owned(),
            pages: one.pages.clone(),
        });
        if one.pages.is_some() {
            // A browser may know this machine by either name.
            origins.push(api_url.replace("127.0.0.1", "localhost"));
            origins.push(api_url);
        }
    }
    let parameters = with_origins(config, &origins)?;
    let location = location(STACK_NAME, &api_url);
    let first = Located {
        stack: with_key_values(
            Stack::load(&config.template, &parameters, &location)?,
            config.api_key.as_ref(),
        ),
        location,
        origins_parameter: config.origins_parameter.clone(),
        pages: config.pages.clone(),
    };
    let stacks = Stacks { first, further };
    check_names(
        stacks
            .all()
            .map(|located| (located.location.stack_name.as_str(), &located.stack)),
    )?;
    Ok((stacks, listeners))
}

/// Gives each API key a value that has none: the one that was asked for, or a new one.
fn with_key_values(mut stack: Stack, given: Option<&String>) -> Stack {
    for key in &mut stack.api_keys {
        let value = || given.cloned().unwrap_or_else(generate_api_key);
        key.value.get_or_insert_with(value);
    }
    stack
}

/// A new value for each start, of 40 letters and digits.
fn generate_api_key() -> String {
    let random = Credentials::generate().secret_access_key + &Credentials::generate().secret_access_key;
    random
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(40)
        .collect()
}

/// The parameters of the first stack. Pages of these origins may call its REST API too, if its template has a parameter for it.
fn with_origins(
    config: &LocalCloudConfig,
    origins: &[String],
) -> Result<BTreeMap<String, String>, TemplateError> {
    let mut parameters = config.parameters.clone();
    let name = &config.origins_parameter;
    if origins.is_empty() || !parameter_names(&config.template)?.contains(name) {
        return Ok(parameters);
    }
    let given = parameters.entry(name.clone()).or_default();
    if given != "*" {
        let all = std::iter::once(given.as_str()).filter(|given| !given.is_empty());
        *given = all
            .chain(origins.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(",");
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use cloud_lambda::Launcher;

    use super::*;

    fn origins(template: &str, given: Option<&str>) -> Option<String> {
        let launcher = Launcher::new(|_| cloud_lambda::Command {
            program: "true".into(),
            arguments: Vec::new(),
        });
        let mut config = LocalCloudConfig::new(template, launcher);
        if let Some(given) = given {
            config
                .parameters
                .insert("AllowedOrigins".to_owned(), given.to_owned());
        }
        let mut parameters = with_origins(&config, &["http://127.0.0.1:2".to_owned()]).unwrap();
        parameters.remove("AllowedOrigins")
    }

    #[test]
    fn the_pages_of_a_further_stack_may_call_the_first() {
        let template = "{Parameters: {AllowedOrigins: {Type: String}}, Resources: {}}";
        assert_eq!(origins(template, None).unwrap(), "http://127.0.0.1:2");
        let given = Some("https://a.example");
        assert_eq!(
            origins(template, given).unwrap(),
            "https://a.example,http://127.0.0.1:2"
        );
        assert_eq!(origins(template, Some("*")).unwrap(), "*");
        assert_eq!(origins("{Resources: {}}", None), None);
    }
}
