//! The environment variables of a function's process.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::runtime_api::RuntimeApiAddress;
use crate::settings::FunctionSettings;

/// Returns all environment variables of a function's process or task: those that Lambda sets, and the function's own.
///
/// Source: Lambda Developer Guide, "Defined runtime environment variables". Two variables are not AWS's:
/// `AWS_ENDPOINT_URL`, the only setting that sends the functions to local-cloud, and `NO_PROXY`, because a
/// configured proxy would break loopback calls. `AWS_LAMBDA_RUNTIME_API` is a URL with a secret path, instead of host and port.
///
/// Every process gets a session token of its own, as every execution environment does on AWS. The endpoint tells the calls of
/// one process from those of another by it.
pub(crate) fn build_environment(
    settings: &FunctionSettings,
    runtime_api: Option<&RuntimeApiAddress>,
) -> BTreeMap<String, String> {
    // The reserved variables are added last, so that the function cannot replace them.
    let mut variables = settings.environment.clone();
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
    let no_proxy = "127.0.0.1,localhost".to_owned();
    let name = &settings.name;
    let session_token = format!(
        "{}{}",
        settings.credentials.session_token,
        Uuid::new_v4().simple()
    );
    let reserved = [
        ("AWS_ACCESS_KEY_ID", settings.credentials.access_key_id.clone()),
        (
            "AWS_SECRET_ACCESS_KEY",
            settings.credentials.secret_access_key.clone(),
        ),
        ("AWS_SESSION_TOKEN", session_token),
        ("AWS_REGION", settings.region.clone()),
        ("AWS_DEFAULT_REGION", settings.region.clone()),
        ("AWS_ENDPOINT_URL", settings.aws_endpoint_url.clone()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.clone()),
        (
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
            settings.memory_megabytes.to_string(),
        ),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}")),
        (
            "AWS_LAMBDA_LOG_STREAM_NAME",
            format!(
                "local/[$LATEST]{}",
                runtime_api.map_or(0, RuntimeApiAddress::port)
            ),
        ),
        ("_HANDLER", settings.handler.clone()),
        ("LANG", "en_US.UTF-8".to_owned()),
        ("NO_PROXY", no_proxy.clone()),
        ("no_proxy", no_proxy),
        ("PATH", path),
        ("TZ", ":UTC".to_owned()),
    ];
    variables.extend(reserved.into_iter().map(|(name, value)| (name.to_owned(), value)));
    if let Some(runtime_api) = runtime_api {
        variables.insert("AWS_LAMBDA_RUNTIME_API".to_owned(), runtime_api.variable());
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_cannot_replace_what_lambda_sets() {
        let mut settings = FunctionSettings::example();
        settings
            .environment
            .insert("AWS_REGION".to_owned(), "mars-1".to_owned());
        settings
            .environment
            .insert("TABLE".to_owned(), "orders".to_owned());
        let address = RuntimeApiAddress::with_new_secret(([127, 0, 0, 1], 9001).into());
        let variables = build_environment(&settings, Some(&address));
        assert_eq!(variables["AWS_REGION"], "us-east-1");
        assert_eq!(variables["TABLE"], "orders");
        assert_eq!(variables["AWS_LAMBDA_RUNTIME_API"], address.variable());
        assert!(!variables.contains_key("HOME"));
    }

    #[test]
    fn every_process_has_a_session_token_of_its_own() {
        let settings = FunctionSettings::example();
        let address = RuntimeApiAddress::with_new_secret(([127, 0, 0, 1], 9001).into());
        let token = || build_environment(&settings, Some(&address))["AWS_SESSION_TOKEN"].clone();
        assert_ne!(token(), token());
    }
}
