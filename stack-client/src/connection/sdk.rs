//! The configuration of the SDKs of AWS.

use anyhow::Context;
use aws_config::retry::{RetryConfig, RetryMode};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_types::os_shim_internal::{Env, Fs};

use super::defaults::{LOCAL_REGION, REQUEST_TIMEOUT};
use super::http::{self, CONNECT_TIMEOUT};

/// The settings of a client of AWS that options can change.
#[derive(Clone, Copy, Debug)]
pub(super) struct AwsSettings<'a> {
    pub(super) region: Option<&'a str>,
    pub(super) profile: Option<&'a str>,
    pub(super) endpoint_url: Option<&'a str>,
}

fn version() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(REQUEST_TIMEOUT)
        .build()
}

/// The configuration of clients of this machine.
///
/// The loader of `aws_config` is not used: it reads the environment and the files of the AWS configuration. The user's
/// endpoints, FIPS and dual-stack settings, retry mode and profile are meant for AWS.
pub(super) fn local(endpoint_url: &str, credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(version())
        .region(Region::from_static(LOCAL_REGION))
        .endpoint_url(endpoint_url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .timeout_config(timeouts())
        .retry_config(RetryConfig::standard())
        .http_client(http::sdk_client_without_proxy())
        .build()
}

/// The configuration of clients of AWS, from the environment and the files of the AWS configuration.
pub(super) async fn aws(settings: AwsSettings<'_>) -> anyhow::Result<SdkConfig> {
    let retry = checked_settings(settings.profile).await?;
    let mut loader = aws_config::defaults(version())
        .timeout_config(timeouts())
        .retry_config(retry);
    if let Some(region) = settings.region {
        loader = loader.region(Region::new(region.to_owned()));
    }
    if let Some(profile) = settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(url) = settings.endpoint_url {
        loader = loader.endpoint_url(url);
        if http::is_loopback(url) {
            loader = loader.http_client(http::sdk_client_without_proxy());
        }
    }
    let config = loader.load().await;
    let region = config
        .region()
        // An empty AWS_REGION counts as not set.
        .filter(|region| !region.as_ref().is_empty())
        .context("no AWS region is set: give --region, or set AWS_REGION or a region in your profile")?;
    let is_region = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    anyhow::ensure!(
        is_region(region.as_ref()),
        "{:?} is no AWS region: give --region, or set AWS_REGION or the region of your profile to one such as eu-west-1",
        region.as_ref()
    );
    Ok(config)
}

/// Reads the settings of the environment and of the profile that the loader of `aws_config` does not judge, and returns those for
/// retries. The loader panics if a retry setting is not valid, and ignores a switch that is not valid.
async fn checked_settings(profile: Option<&str>) -> anyhow::Result<RetryConfig> {
    let profiles = aws_config::profile::load(
        &Fs::real(),
        &Env::real(),
        &EnvConfigFiles::default(),
        profile.map(|name| name.to_owned().into()),
    )
    .await
    .context("your AWS configuration cannot be read: correct it, or name other files by AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE")?;
    if let Some(name) = profile
        && profiles.get_profile(name).is_none()
        && std::env::var_os("AWS_ACCESS_KEY_ID").is_none()
    {
        anyhow::bail!("your AWS configuration has no profile {name:?}: correct --profile or AWS_PROFILE");
    }
    let setting = |variable: &'static str, key: &'static str| {
        let of_environment = std::env::var(variable).ok().filter(|value| !value.is_empty());
        of_environment
            .map(|value| (variable, value))
            .or_else(|| Some((key, profiles.get(key)?.to_owned())))
    };
    check_switch(setting("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint"))?;
    check_switch(setting("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint"))?;
    parse_retry(
        setting("AWS_RETRY_MODE", "retry_mode"),
        setting("AWS_MAX_ATTEMPTS", "max_attempts"),
    )
}

/// Makes sure that a switch, with the name under which it was found, is on or off.
fn check_switch(switch: Option<(&str, String)>) -> anyhow::Result<()> {
    match switch {
        Some((name, value)) if !["true", "false"].contains(&value.to_ascii_lowercase().as_str()) => {
            anyhow::bail!("{name} of your AWS configuration is {value:?}, but must be true or false")
        }
        _ => Ok(()),
    }
}

/// Parses retry settings, each with the name under which it was found.
fn parse_retry(
    mode: Option<(&str, String)>,
    attempts: Option<(&str, String)>,
) -> anyhow::Result<RetryConfig> {
    let mut config = RetryConfig::standard();
    if let Some((name, value)) = attempts {
        match value.trim().parse() {
            Ok(0) | Err(_) => {
                anyhow::bail!("{name} of your AWS configuration is {value:?}, but must be a number above 0")
            }
            Ok(attempts) => config = config.with_max_attempts(attempts),
        }
    }
    if let Some((name, value)) = mode {
        match value.trim().to_ascii_lowercase().as_str() {
            // The Rust SDK has no legacy mode. The other SDKs read the same setting, so that it is no mistake.
            "standard" | "legacy" => {}
            "adaptive" => config = config.with_retry_mode(RetryMode::Adaptive),
            _ => anyhow::bail!(
                "{name} of your AWS configuration is {value:?}, but must be standard or adaptive"
            ),
        }
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(mode: Option<&str>, attempts: Option<&str>) -> anyhow::Result<RetryConfig> {
        let named = |value: Option<&str>| value.map(|value| ("AWS_X", value.to_owned()));
        parse_retry(named(mode), named(attempts))
    }

    #[test]
    fn retry_settings_that_are_not_valid_get_a_sentence() {
        let config = parse(Some("adaptive"), Some("7")).unwrap();
        assert_eq!((config.mode(), config.max_attempts()), (RetryMode::Adaptive, 7));
        let config = parse(Some("legacy"), None).unwrap();
        assert_eq!((config.mode(), config.max_attempts()), (RetryMode::Standard, 3));
        for (mode, attempts) in [
            (Some("hostile"), None),
            (None, Some("0")),
            (None, Some("-1")),
            (None, Some("many")),
            (None, Some("99999999999999")),
        ] {
            let error = parse(mode, attempts).unwrap_err().to_string();
            assert!(error.starts_with("AWS_X of your AWS configuration is"), "{error}");
        }
    }

    #[test]
    fn a_switch_that_is_neither_on_nor_off_gets_a_sentence() {
        let check = |value: Option<&str>| check_switch(value.map(|value| ("AWS_X", value.to_owned())));
        for value in [None, Some("true"), Some("FALSE")] {
            check(value).unwrap();
        }
        for value in ["perhaps", "1", " true"] {
            let error = check(Some(value)).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("AWS_X of your AWS configuration is {value:?}, but must be true or false")
            );
        }
    }

    #[test]
    fn a_client_of_this_machine_has_only_the_given_settings() {
        let credentials = Credentials::new("operator", "operator", None, None, "test");
        let config = local("http://127.0.0.1:1", credentials);
        assert_eq!(config.endpoint_url(), Some("http://127.0.0.1:1"));
        assert_eq!(config.region().unwrap().as_ref(), "us-east-1");
        assert_eq!((config.use_fips(), config.use_dual_stack()), (None, None));
        assert!(config.http_client().is_some());
        // This is what reads `AWS_ENDPOINT_URL_SQS` and the services sections of the configuration file.
        assert!(config.service_config().is_none());
    }
}
