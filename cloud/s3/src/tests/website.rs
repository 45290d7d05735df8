//! The website endpoint.

use super::*;
use crate::Website;

/// A bucket with a website, which everybody may read and, if `lists`, list.
async fn with_website(error_document: Option<&str>, lists: bool) -> World {
    let world = World::open(None).await;
    let actions = if lists {
        vec!["s3:GetObject", "s3:ListBucket"]
    } else {
        vec!["s3:GetObject"]
    };
    let resources = ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"];
    let settings = BucketSettings {
        policy: Some(json!({"Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": resources},
            {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/secret/*"},
        ]})),
        allows_public_policy: true,
        website: Some(Website::new("index.html".to_owned(), error_document.map(str::to_owned)).unwrap()),
        ..BucketSettings::default()
    };
    world.s3.converge_bucket("bucket", settings).await.unwrap();
    for key in [
        "index.html",
        "docs/index.html",
        "page.html",
        "error.html",
        "secret/a",
    ] {
        world
            .send("PUT", &format!("/bucket/{key}"), Signer::Operator, key)
            .await;
    }
    world
}

/// Sends a request to a website. Returns the status, the header `Location` and the body.
async fn visit(world: &World, method: &str, path: &str) -> (u16, Option<String>, String) {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("host", "bucket.s3-website.localhost:4566");
    let answer = world.s3.call(request.body(Body::empty()).unwrap()).await;
    assert_eq!(header(&answer, "content-security-policy"), None);
    let place = header(&answer, "location").map(str::to_owned);
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, place, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_website_has_index_documents() {
    let world = with_website(None, true).await;
    for (path, key) in [
        ("/", "index.html"),
        ("/docs/", "docs/index.html"),
        ("/page.html", "page.html"),
        ("/page.html?acl", "page.html"),
    ] {
        assert_eq!(
            visit(&world, "GET", path).await,
            (200, None, key.to_owned()),
            "{path}"
        );
    }
    assert_eq!(visit(&world, "HEAD", "/").await, (200, None, String::new()));
    let folder = (302, Some("/docs/".to_owned()), String::new());
    assert_eq!(visit(&world, "GET", "/docs").await, folder);
    let (status, _, body) = visit(&world, "PUT", "/a").await;
    assert!(status == 405 && body.contains("Code: MethodNotAllowed"), "{body}");
}

#[tokio::test]
async fn an_error_of_a_website_is_a_page_with_its_status() {
    let world = with_website(None, true).await;
    let (status, _, body) = visit(&world, "GET", "/none").await;
    assert!(
        status == 404 && body.contains("<li>Code: NoSuchKey</li>"),
        "{body}"
    );
    assert!(body.contains("<title>404 Not Found</title>"), "{body}");
    let (status, _, body) = visit(&world, "GET", "/secret/a").await;
    assert!(
        status == 403 && body.contains("<li>Code: AccessDenied</li>"),
        "{body}"
    );

    let world = with_website(Some("error.html"), true).await;
    let found = visit(&world, "GET", "/none").await;
    assert_eq!(found, (404, None, "error.html".to_owned()));
    let denied = visit(&world, "GET", "/secret/a").await;
    assert_eq!(denied, (403, None, "error.html".to_owned()));

    // Who may not list the bucket must not learn which keys it has.
    let world = with_website(Some("error.html"), false).await;
    let hidden = visit(&world, "GET", "/none").await;
    assert_eq!(hidden, (403, None, "error.html".to_owned()));

    let world = with_website(Some("gone.html"), true).await;
    let (status, _, body) = visit(&world, "GET", "/none").await;
    assert!(
        status == 404 && body.contains("<li>Key: gone.html</li>"),
        "{body}"
    );
}

#[tokio::test]
async fn a_website_redirects_where_an_object_says_so_and_is_there_only_if_configured() {
    let world = with_website(None, true).await;
    let mut moved = request("PUT", "/bucket/old", Signer::Operator, Body::from("x"));
    let place = "/page.html".parse().unwrap();
    moved
        .headers_mut()
        .insert("x-amz-website-redirect-location", place);
    assert_eq!(world.s3.call(moved).await.status(), 200);
    let found = visit(&world, "GET", "/old").await;
    assert_eq!(found, (301, Some("/page.html".to_owned()), String::new()));
    world
        .s3
        .converge_bucket("bucket", BucketSettings::default())
        .await
        .unwrap();
    let (status, _, body) = visit(&world, "GET", "/").await;
    assert!(
        status == 404 && body.contains("Code: NoSuchWebsiteConfiguration"),
        "{body}"
    );
}
