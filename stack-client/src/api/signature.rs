//! Signature Version 4 of requests to API Gateway and to CloudWatch Logs.
//!
//! Source: IAM User Guide, "AWS Signature Version 4 for API requests".

use std::time::SystemTime;

use anyhow::Context;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use reqwest::Request;
use reqwest::header::{HeaderName, HeaderValue};

/// The service name in the signature of a request to API Gateway.
pub(crate) const API_GATEWAY: &str = "execute-api";
/// The service name in the signature of a request to CloudWatch Logs.
pub(crate) const LOGS: &str = "logs";

/// Signs requests. It asks for the credentials each time, since temporary ones expire.
#[derive(Debug)]
pub(crate) struct Signer {
    credentials: SharedCredentialsProvider,
    region: String,
    service: &'static str,
}

impl Signer {
    /// A signer of requests to a service.
    pub(crate) fn new(config: &SdkConfig, service: &'static str) -> anyhow::Result<Self> {
        Ok(Self {
            credentials: config
                .credentials_provider()
                .context("there are no AWS credentials")?,
            region: config.region().context("no AWS region is set")?.to_string(),
            service,
        })
    }

    /// Adds the headers of the signature to a request.
    pub(crate) async fn sign(&self, request: &mut Request, now: SystemTime) -> anyhow::Result<()> {
        let credentials = self.credentials.provide_credentials().await.context(
            "there are no AWS credentials: log in, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )?;
        let scope = Scope {
            region: &self.region,
            service: self.service,
        };
        scope.sign(request, credentials, now)
    }
}

/// The region and service of a signature.
struct Scope<'a> {
    region: &'a str,
    service: &'a str,
}

impl Scope<'_> {
    fn sign(&self, request: &mut Request, credentials: Credentials, now: SystemTime) -> anyhow::Result<()> {
        let identity = credentials.into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time(now)
            .settings(SigningSettings::default())
            .build()?
            .into();
        let body = match request.body() {
            None => &[][..],
            Some(body) => body
                .as_bytes()
                .context("a body that is streamed cannot be signed")?,
        };
        let headers: Vec<(&str, &str)> = request
            .headers()
            .iter()
            .map(|(name, value)| Ok((name.as_str(), value.to_str()?)))
            .collect::<anyhow::Result<_>>()?;
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.url().as_str(),
            headers.into_iter(),
            SignableBody::Bytes(body),
        )?;
        let (instructions, _) = sign(signable, &parameters)?.into_parts();
        let (headers, _) = instructions.into_parts();
        for header in headers {
            let mut value = HeaderValue::from_str(header.value())?;
            value.set_sensitive(header.sensitive());
            request
                .headers_mut()
                .insert(HeaderName::from_static(header.name()), value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    /// The key of AWS's published Signature Version 4 test suite.
    fn example(token: Option<&str>) -> Credentials {
        Credentials::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            token.map(str::to_owned),
            None,
            "test",
        )
    }

    /// 2015-08-30T12:36:00Z, the suite's date.
    fn date() -> SystemTime {
        UNIX_EPOCH + Duration::from_mins(24_015_636)
    }

    fn authorization(mut request: Request) -> String {
        let scope = Scope {
            region: "us-east-1",
            service: "service",
        };
        scope.sign(&mut request, example(None), date()).unwrap();
        assert_eq!(request.headers()["x-amz-date"], "20150830T123600Z");
        request.headers()["authorization"].to_str().unwrap().to_owned()
    }

    /// `get-vanilla`, `post-vanilla`, `get-vanilla-query-order-key-case` and `post-x-www-form-urlencoded` of the suite.
    #[test]
    fn requests_of_the_published_suite_get_the_published_signatures() {
        let client = reqwest::Client::new();
        let url = "https://example.amazonaws.com/";
        let signature = |request: reqwest::RequestBuilder| {
            let text = authorization(request.build().unwrap());
            text.split("SignedHeaders=").nth(1).unwrap().to_owned()
        };
        insta::assert_snapshot!(
            [
                signature(client.get(url)),
                signature(client.post(url)),
                signature(client.get(format!("{url}?Param2=value2&Param1=value1"))),
                signature(
                    client
                        .post(url)
                        .header("content-type", "application/x-www-form-urlencoded")
                        .body("Param1=value1")
                ),
            ]
            .join("\n"),
            @r"
        host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31
        host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b
        host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500
        content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a
        "
        );
    }

    #[test]
    fn a_session_token_is_sent_and_signed_and_hidden_from_logs() {
        let mut request = reqwest::Client::new()
            .get("https://example.amazonaws.com/")
            .build()
            .unwrap();
        let scope = Scope {
            region: "us-east-1",
            service: API_GATEWAY,
        };
        scope.sign(&mut request, example(Some("token")), date()).unwrap();
        let headers = request.headers();
        assert!(headers["x-amz-security-token"].is_sensitive());
        let authorization = headers["authorization"].to_str().unwrap();
        assert!(authorization.contains("20150830/us-east-1/execute-api/aws4_request"));
        assert!(authorization.contains("host;x-amz-date;x-amz-security-token"));
    }
}
