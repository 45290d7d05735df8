//! The HTTP client of a function that runs inside this program: it passes requests to the AWS services in memory.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Uri, header};
use local_cloud::lambda::AwsService;

/// A client for the SDK.
pub(super) fn in_memory(aws: AwsService) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(InMemory(aws));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct InMemory(AwsService);

impl HttpConnector for InMemory {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let aws = self.0.clone();
        HttpConnectorFuture::new(async move { call(&aws, request).await })
    }
}

async fn call(aws: &AwsService, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let (mut parts, body) = request.into_parts();
    // A request over a connection has the host in a header, and not in its first line.
    let host = parts
        .uri
        .authority()
        .map(|host| HeaderValue::from_str(host.as_str()));
    if let Some(Ok(host)) = host {
        parts.headers.entry(header::HOST).or_insert(host);
    }
    parts.uri = parts
        .uri
        .path_and_query()
        .cloned()
        .map_or_else(Uri::default, Uri::from);
    let answer = aws
        .call(axum::http::Request::from_parts(parts, Body::new(body)))
        .await
        .map_err(ConnectorError::io)?;
    let (parts, body) = answer.into_parts();
    let body = to_bytes(body, usize::MAX)
        .await
        .map_err(|error| ConnectorError::io(error.into()))?;
    HttpResponse::try_from(axum::http::Response::from_parts(parts, SdkBody::from(body)))
        .map_err(|error| ConnectorError::other(error.into(), None))
}

#[cfg(test)]
mod tests {
    use axum::http::{Request, Response};

    use super::*;

    fn request(body: &'static str) -> HttpRequest {
        let request = Request::post("http://127.0.0.1:4566/orders?list").body(SdkBody::from(body));
        HttpRequest::try_from(request.unwrap()).unwrap()
    }

    #[tokio::test]
    async fn a_request_arrives_as_over_a_connection() {
        let aws = AwsService::new(|request: Request<Body>| async move {
            let (parts, body) = request.into_parts();
            let host = parts.headers[header::HOST].to_str()?;
            let body = to_bytes(body, 100).await?;
            let seen = format!("{} {host} {} {body:?}", parts.method, parts.uri);
            Ok(Response::new(Body::from(seen)))
        });
        let answer = call(&aws, request("an order")).await.unwrap();
        let seen = str::from_utf8(answer.body().bytes().unwrap()).unwrap();
        assert_eq!(seen, r#"POST 127.0.0.1:4566 /orders?list b"an order""#);
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_an_error_of_the_connection() {
        let aws = AwsService::new(|_| async {
            let broken = futures_util::stream::iter([Err::<&[u8], _>("lost")]);
            Ok(Response::new(Body::from_stream(broken)))
        });
        let error = call(&aws, request("")).await.unwrap_err();
        assert!(error.is_io(), "{error:?}");
    }
}
