//! Tests of the REST API as a client sees it, with a real function.

use cloud_cloudwatch::CloudWatch;
use cloud_lambda::FunctionSettings;

use super::*;
use crate::api_key::ApiKey;
use crate::gateway_response::GatewayResponse;
use crate::mock::MockIntegration;
use crate::routes::Route;
use crate::throttle::ThrottleSetting;

/// The name under which the child's test is found.
const CHILD: &str = "server::tests::child";

/// The process of the example function.
#[tokio::test]
#[ignore = "it is the child process of the other tests"]
async fn child() {
    example_function::run().await.unwrap();
}

fn preflight() -> MockIntegration {
    let template = r#"#if($input.params().header.get("x-page") == "a")#set($context.responseOverride.header.X-Page = "yes")#end"#;
    let headers = vec![("Allow".to_owned(), "POST, OPTIONS".to_owned())];
    MockIntegration::new(204, headers, template).unwrap()
}

struct Client {
    url: String,
    http: reqwest::Client,
    function: Function,
    cloud_watch: CloudWatch,
    _api: RestApi,
}

async fn client() -> Client {
    client_with(INTEGRATION_TIMEOUT).await
}

async fn client_with(integration_timeout: Duration) -> Client {
    client_of(example_function::settings(CHILD), integration_timeout).await
}

async fn client_of(settings: FunctionSettings, integration_timeout: Duration) -> Client {
    let listener = Listener::bind(0).await.unwrap();
    let url = listener.url();
    let function = Function::new(settings);
    function.warm().await.unwrap();
    let route = |method: &str, path: &str| Route {
        method: method.to_owned(),
        path: path.to_owned(),
        integration: Integration::Function("example".to_owned()),
        requires_api_key: path == "/keyed",
    };
    let metrics = ApiMetrics::default();
    let cloud_watch = metrics.cloud_watch.clone();
    let settings = RestApiSettings {
        context: ApiContext {
            account_id: "000000000000".to_owned(),
            api_id: "api".to_owned(),
            stage: "dev".to_owned(),
        },
        routes: Routes::new(&[
            route("ANY", "/echo/{how}"),
            route("POST", "/post"),
            route("GET", "/throttled"),
            route("POST", "/keyed"),
            Route {
                method: "OPTIONS".to_owned(),
                path: "/post".to_owned(),
                integration: Integration::Mock(preflight()),
                requires_api_key: false,
            },
        ]),
        functions: BTreeMap::from([("example".to_owned(), function.clone())]),
        origins: Origins::parse("https://shop.example.com"),
        binary_media_types: BinaryMediaTypes::new(["application/octet-stream"]),
        pages: Router::new(),
        metrics,
        gateway_responses: GatewayResponses::new([(
            "THROTTLED".to_owned(),
            GatewayResponse {
                status: None,
                headers: vec![("Access-Control-Allow-Origin".to_owned(), "*".to_owned())],
                template: Some(r#"{"status":429,"detail":$context.error.messageString}"#.to_owned()),
            },
        )]),
        throttles: Throttles::new(vec![ThrottleSetting {
            resource: "/throttled".to_owned(),
            method: "GET".to_owned(),
            rate: 0.0,
            burst: 1,
        }]),
        api_keys: ApiKeys::new(vec![ApiKey {
            id: "k1".to_owned(),
            value: "a secret".to_owned(),
            throttle: None,
            daily_quota: Some(1),
        }]),
    };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    Client {
        url,
        http,
        function,
        cloud_watch,
        _api: RestApi::start_with(listener, settings, integration_timeout),
    }
}

impl Client {
    async fn send(
        &self,
        method: &str,
        path: &str,
        body: Vec<u8>,
    ) -> (u16, String, reqwest::header::HeaderMap) {
        let request = self
            .http
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
            .body(body);
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        assert!(headers.contains_key("x-amzn-requestid") && headers.contains_key("x-amz-apigw-id"));
        (status, response.text().await.unwrap(), headers)
    }
}

#[tokio::test]
async fn every_method_reaches_the_function() {
    let client = client().await;
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"] {
        let (status, body, headers) = client.send(method, "/echo/x", b"12345".to_vec()).await;
        assert_eq!((status, headers["x-method"].to_str().unwrap()), (201, method));
        assert_eq!(body, if method == "HEAD" { "" } else { "5" });
    }
    client.function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_mock_integration_answers_without_the_function() {
    let client = client().await;
    // With the function away every other request fails.
    client.function.stop(Duration::ZERO).await;
    assert_eq!(client.send("POST", "/post", vec![]).await.0, 502);
    let options = || {
        client
            .http
            .request(reqwest::Method::OPTIONS, format!("{}/post", client.url))
    };
    let answer = options().header("x-page", "a").send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 204);
    assert_eq!(answer.headers()["allow"], "POST, OPTIONS");
    assert_eq!(answer.headers()["x-page"], "yes");
    assert!(answer.headers().contains_key("x-amzn-requestid"));
    let other = options().header("x-page", "b").send().await.unwrap();
    assert!(!other.headers().contains_key("x-page"));
    // No request template fits.
    let text = options()
        .header("content-type", "text/plain")
        .send()
        .await
        .unwrap();
    assert_eq!(text.status().as_u16(), 415);
}

#[tokio::test]
async fn the_function_gets_the_headers_as_the_client_spelled_them() {
    let client = client().await;
    let request = client.http.post(format!("{}/echo/event?a=1", client.url));
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793";
    let request = request
        .header("tEsT-HEADeR", "aValUE")
        .header("x-amzn-trace-id", trace);
    let request = request
        .header("content-type", "application/octet-stream")
        .body(vec![0xff]);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["x-amzn-trace-id"], trace);
    let event: serde_json::Value = response.json().await.unwrap();
    // reqwest writes names in lower case. The test of `spelled_headers` has names in other cases.
    assert_eq!(event["headers"]["test-header"], "aValUE");
    assert_eq!(event["headers"]["X-Forwarded-For"], "127.0.0.1");
    assert_eq!(event["headers"]["X-Amzn-Trace-Id"], trace);
    assert_eq!(event["headers"]["content-length"], serde_json::Value::Null);
    assert_eq!(event["pathParameters"], serde_json::json!({"how": "event"}));
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&"/w==".into(), &true.into())
    );
    client.function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn an_unknown_path_or_method_is_refused_as_by_aws() {
    let client = client().await;
    for (method, path) in [("GET", "/"), ("GET", "/post"), ("POST", "/post/x")] {
        let (status, body, _) = client.send(method, path, vec![]).await;
        assert_eq!(
            (status, body.as_str()),
            (403, r#"{"message":"Missing Authentication Token"}"#)
        );
    }
    client.function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let client = client().await;
    // A client that sends a large body to a path that does not exist reads the answer too.
    for (path, bytes, expected) in [
        ("/post", MAX_BODY_BYTES + 1, 413),
        ("/post", 3 * MAX_BODY_BYTES, 413),
        ("/x", MAX_BODY_BYTES, 403),
    ] {
        let (status, _, _) = client.send("POST", path, vec![b'x'; bytes]).await;
        assert_eq!(status, expected, "{path} {bytes}");
    }
    // Within the limit of the gateway, but above the limit of Lambda.
    let (status, _, _) = client.send("POST", "/post", vec![b'x'; 7 * 1024 * 1024]).await;
    assert_eq!(status, 413);
    client.function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_throttled_request_gets_the_declared_answer() {
    let client = client().await;
    assert_eq!(client.send("GET", "/throttled", vec![]).await.0, 201);
    let (status, body, headers) = client.send("GET", "/throttled", vec![]).await;
    assert_eq!(
        (status, body.as_str()),
        (429, r#"{"status":429,"detail":"Too Many Requests"}"#)
    );
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert_eq!(headers["x-amzn-errortype"], "TooManyRequestsException");
    client.function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_method_that_requires_a_key_refuses_requests_without_one_and_over_the_quota() {
    let client = client().await;
    let call = async |key: Option<&str>| {
        let mut request = client.http.post(format!("{}/keyed", client.url));
        if let Some(key) = key {
            request = request.header("X-API-Key", key);
        }
        let response = request.send().await.unwrap();
        let kind = response.headers().get("x-amzn-errortype").cloned();
        let kind = kind
            .map(|kind| kind.to_str().unwrap().to_owned())
            .unwrap_or_default();
        (response.status().as_u16(), kind, response.text().await.unwrap())
    };
    for key in [None, Some("another")] {
        let (status, kind, body) = call(key).await;
        assert_eq!(
            (status, kind.as_str(), body.as_str()),
            (403, "ForbiddenException", r#"{"message":"Forbidden"}"#)
        );
    }
    assert_eq!(call(Some("a secret")).await.0, 201);
    let (status, kind, body) = call(Some("a secret")).await;
    assert_eq!(
        (status, kind.as_str(), body.as_str()),
        (429, "LimitExceededException", r#"{"message":"Limit Exceeded"}"#)
    );
    client.function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_slow_function_times_out() {
    let client = client_with(Duration::from_millis(100)).await;
    let (status, body, _) = client.send("GET", "/echo/slow", vec![]).await;
    assert_eq!(
        (status, body.as_str()),
        (504, r#"{"message":"Endpoint request timed out"}"#)
    );
    client.function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn a_malformed_answer_is_a_bad_gateway() {
    let client = client().await;
    let (status, body, _) = client.send("GET", "/echo/malformed", vec![]).await;
    assert_eq!(
        (status, body.as_str()),
        (502, r#"{"message":"Internal server error"}"#)
    );
    client.function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn pages_of_allowed_origins_reach_the_function_and_others_do_not() {
    let client = client().await;
    let call = async |headers: &[(&str, &str)]| {
        let mut request = client.http.get(format!("{}/echo/x", client.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let shop = ("origin", "https://shop.example.com");
    let cross_site = ("sec-fetch-site", "cross-site");
    assert_eq!(call(&[shop, cross_site]).await, 201);
    assert_eq!(call(&[cross_site]).await, 403);
    assert_eq!(call(&[("origin", "https://evil.example"), cross_site]).await, 403);
    assert_eq!(call(&[("host", "evil.example")]).await, 403);
    client.function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn over_the_functions_concurrency_a_request_is_refused_as_by_aws() {
    let mut settings = example_function::settings(CHILD);
    settings.concurrency = 1;
    let client = client_of(settings, INTEGRATION_TIMEOUT).await;
    let slow = tokio::spawn({
        let (http, url) = (client.http.clone(), format!("{}/echo/slow", client.url));
        // It may be the one that is refused, at first.
        async move { while http.get(&url).send().await.unwrap().status() == 500 {} }
    });
    // The slow request has the only place as soon as another one finds it taken.
    let (status, body) = loop {
        let (status, body, _) = client.send("GET", "/echo/x", vec![]).await;
        if status != 201 {
            break (status, body);
        }
    };
    assert_eq!(
        (status, body.as_str()),
        (500, r#"{"message":"Internal server error"}"#)
    );
    slow.abort();
    client.function.stop(Duration::ZERO).await;
}

#[tokio::test]
async fn requests_are_counted_by_their_status() {
    let client = client().await;
    for path in ["/echo/x", "/echo/malformed", "/nothing"] {
        client.send("GET", path, vec![]).await;
    }
    let text = client.cloud_watch.prometheus();
    for line in [
        r#"aws_api_gateway_count_sum{api_name="",stage=""} 3"#,
        r#"aws_api_gateway_4xx_error_sum{api_name="",stage=""} 1"#,
        r#"aws_api_gateway_5xx_error_sum{api_name="",stage=""} 1"#,
        r#"aws_api_gateway_latency_count{api_name="",stage=""} 3"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    client.function.stop(Duration::ZERO).await;
}
