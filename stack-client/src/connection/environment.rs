//! The environment variables that name a system.

/// Values of environment variables. An empty one counts as not set.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    /// `ORDERS_API_URL`
    pub(super) api_url: Option<String>,
    /// `AWS_ENDPOINT_URL`. Only `--target aws` uses it: it is the user's own setting for other programs.
    pub(super) aws_endpoint_url: Option<String>,
}

impl Environment {
    /// Reads the variables of this process.
    pub(super) fn read() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            api_url: variable("ORDERS_API_URL"),
            aws_endpoint_url: variable("AWS_ENDPOINT_URL"),
        }
    }
}
