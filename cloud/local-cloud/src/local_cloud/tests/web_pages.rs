//! Web pages before the port of AWS: which of them reach a bucket, and that they reach nothing else.

use super::*;

const SHOP: &str = "https://shop.example";

const BUCKETS: &str = "
Resources:
  Pages:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: pages
      PublicAccessBlockConfiguration: {BlockPublicPolicy: false}
      CorsConfiguration: {CorsRules: [{AllowedMethods: [GET], AllowedOrigins: ['https://shop.example']}]}
      WebsiteConfiguration: {IndexDocument: index.html}
  Open:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Pages
      PolicyDocument:
        Statement: {Effect: Allow, Principal: '*', Action: ['s3:GetObject', 's3:ListBucket'], Resource: [!GetAtt Pages.Arn, !Sub '${Pages.Arn}/*']}
  Closed: {Type: AWS::S3::Bucket, Properties: {BucketName: closed}}
";

async fn start() -> (Running, reqwest::Client, String) {
    let config = LocalCloudConfig::new(BUCKETS, example_function::launcher(CHILD));
    let running = LocalCloud::start(config).await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = running.endpoints().aws_endpoint_url.clone();
    (running, http, url)
}

#[tokio::test]
async fn a_page_reaches_a_bucket_that_allows_it_and_nothing_else() {
    let (running, http, url) = start().await;
    let send = async |method: &str, path: &str, origin: &str| {
        let request = http.request(method.parse().unwrap(), format!("{url}{path}"));
        let request = request
            .header("origin", origin)
            .header("sec-fetch-site", "cross-site");
        let answer = request.send().await.unwrap();
        let allowed = answer.headers().get("access-control-allow-origin");
        (
            answer.status().as_u16(),
            allowed.map(|origin| origin.to_str().unwrap().to_owned()),
        )
    };
    let allowed = Some(SHOP.to_owned());
    assert_eq!(
        send("GET", "/pages?list-type=2", SHOP).await,
        (200, allowed.clone())
    );
    // The bucket answers that there is no such key, and the page may read it.
    assert_eq!(send("GET", "/pages/none", SHOP).await, (404, allowed));
    for (method, path, origin) in [
        ("GET", "/pages?list-type=2", "https://other.example"),
        ("PUT", "/pages/a", SHOP),
        ("GET", "/closed?list-type=2", SHOP),
        ("GET", "/_local/health", SHOP),
        ("OPTIONS", "/_local/health", SHOP),
        ("POST", "/", SHOP),
        ("POST", "/000000000000/queue", SHOP),
    ] {
        assert_eq!(
            send(method, path, origin).await,
            (403, None),
            "{method} {path} {origin}"
        );
    }
    running.stop().await;
}

/// A page of a website has the origin of the website's host, and the guard lets a page call its own host.
#[tokio::test]
async fn a_website_reaches_nothing_but_its_bucket() {
    let (running, http, url) = start().await;
    let host = format!("pages.s3-website.localhost:{}", url.rsplit(':').next().unwrap());
    let send = async |method: &str, path: &str| {
        let request = http.request(method.parse().unwrap(), format!("{url}{path}"));
        let request = request
            .header("host", &host)
            .header("origin", format!("http://{host}"));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for path in ["/_local/health", "/_local/status", "/closed/a", "/"] {
        let (status, body) = send("GET", path).await;
        assert!(
            status == 404 && body.contains("Code: NoSuchKey"),
            "{path}: {status} {body}"
        );
    }
    for (method, path) in [("PUT", "/_local/clock"), ("POST", "/"), ("PUT", "/a")] {
        let (status, body) = send(method, path).await;
        assert!(
            status == 405 && body.contains("Code: MethodNotAllowed"),
            "{path}: {status} {body}"
        );
    }
    // Elsewhere on the port it is a page of another origin.
    let elsewhere = http
        .get(format!("{url}/pages?list-type=2"))
        .header("origin", format!("http://{host}"));
    assert_eq!(elsewhere.send().await.unwrap().status(), 403);
    running.stop().await;
}
