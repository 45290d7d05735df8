//! Which errors say that the system cannot be reached.

use aws_smithy_runtime_api::client::result::ConnectorError;
use terminal::exit::{NOT_AS_ASKED, UNREACHABLE, USAGE, UnreachableError, UsageError};

use crate::api::ApiError;

/// The exit code for an error.
#[must_use]
pub fn exit_code(error: &anyhow::Error) -> u8 {
    if error
        .chain()
        .any(|source| source.downcast_ref::<UsageError>().is_some())
    {
        USAGE
    } else if is_unreachable(error) {
        UNREACHABLE
    } else {
        NOT_AS_ASKED
    }
}

/// Whether an error says that the system does not run or does not answer.
#[must_use]
pub fn is_unreachable(error: &anyhow::Error) -> bool {
    let is_transport =
        |error: &reqwest::Error| error.is_connect() || error.is_timeout() || error.is_request();
    error.chain().any(|source| {
        source.is::<UnreachableError>()
            || source.is::<ConnectorError>()
            || source.downcast_ref::<reqwest::Error>().is_some_and(is_transport)
            || matches!(source.downcast_ref::<ApiError>(), Some(ApiError::Unanswered(error)) if is_transport(error))
            // The error of an SDK's timeout is private. `SdkError::TimeoutError` is generic over the operation.
            || source.to_string() == "request has timed out"
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use anyhow::Context as _;

    use super::*;

    #[test]
    fn usage_is_2_and_other_errors_are_1() {
        let usage = anyhow::Error::new(UsageError("no".to_owned())).context("more");
        assert_eq!(exit_code(&usage), 2);
        assert_eq!(exit_code(&anyhow::anyhow!("refused")), 1);
        let absent = anyhow::Error::new(UnreachableError("absent".to_owned())).context("more");
        assert_eq!(exit_code(&absent), 3);
    }

    #[tokio::test]
    async fn a_closed_port_and_a_silent_one_are_unreachable() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let get = async |timeout| {
            let client = reqwest::Client::builder()
                .no_proxy()
                .timeout(timeout)
                .build()
                .unwrap();
            client.get(&url).send().await.context("no answer").unwrap_err()
        };
        let list_queues = async |timeout| {
            let config = crate::connection::sdk_config_for_tests(&url, timeout);
            let answer = aws_sdk_sqs::Client::new(&config).list_queues().send().await;
            answer.context("no answer").unwrap_err()
        };
        let short = Duration::from_millis(50);
        // Nobody accepts: the requests time out.
        assert_eq!(exit_code(&get(short).await), 3);
        assert_eq!(exit_code(&list_queues(short).await), 3);
        drop(listener);
        assert_eq!(exit_code(&get(Duration::from_mins(1)).await), 3);
        assert_eq!(exit_code(&list_queues(Duration::from_mins(1)).await), 3);
    }
}
