//! Requests of pages of other origins.

use http::HeaderValue;

use super::*;
use crate::CorsRule;

/// Sends a request of a page. Returns the answer.
async fn from_page(
    world: &World,
    method: &str,
    path: &str,
    origin: &str,
    asks: Option<&str>,
) -> Response<Body> {
    let mut request = request(method, path, Signer::Nobody, Body::empty());
    let headers = request.headers_mut();
    headers.insert("origin", origin.parse().unwrap());
    if let Some(method) = asks {
        headers.insert("access-control-request-method", method.parse().unwrap());
        headers.insert("access-control-request-headers", "X-Custom".parse().unwrap());
    }
    world.s3.call(request).await
}

const SHOP: &str = "https://shop.example";

async fn with_cors() -> World {
    let world = World::open(None).await;
    let rule = CorsRule {
        allowed_origins: vec![SHOP.to_owned()],
        allowed_methods: vec!["PUT".to_owned(), "GET".to_owned()],
        allowed_headers: vec!["x-*".to_owned()],
        expose_headers: vec!["ETag".to_owned()],
        max_age_seconds: Some(600),
        ..CorsRule::default()
    };
    let settings = BucketSettings {
        cors: vec![rule],
        ..BucketSettings::default()
    };
    world.s3.converge_bucket("bucket", settings).await.unwrap();
    world
}

#[tokio::test]
async fn a_preflight_is_answered_by_the_rules_of_the_bucket() {
    let world = with_cors().await;
    let answer = from_page(&world, "OPTIONS", "/bucket/a", SHOP, Some("PUT")).await;
    assert_eq!(answer.status(), 200);
    for (name, value) in [
        ("access-control-allow-origin", SHOP),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "PUT, GET"),
        ("access-control-allow-headers", "x-custom"),
        ("access-control-expose-headers", "ETag"),
        ("access-control-max-age", "600"),
        (
            "vary",
            "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        ),
    ] {
        assert_eq!(header(&answer, name), Some(value), "{name}");
    }
    world
        .s3
        .converge_bucket("closed", BucketSettings::default())
        .await
        .unwrap();
    for (path, origin, asks, status, message) in [
        (
            "/bucket/a",
            SHOP,
            Some("DELETE"),
            403,
            "This CORS request is not allowed",
        ),
        (
            "/bucket/a",
            "https://other.example",
            Some("PUT"),
            403,
            "<ResourceType>OBJECT",
        ),
        ("/bucket", SHOP, Some("DELETE"), 403, "<ResourceType>BUCKET"),
        (
            "/bucket/a",
            SHOP,
            None,
            400,
            "Invalid Access-Control-Request-Method",
        ),
        (
            "/closed/a",
            SHOP,
            Some("PUT"),
            403,
            "CORS is not enabled for this bucket",
        ),
        ("/none/a", SHOP, Some("PUT"), 403, "Bucket not found"),
    ] {
        let answer = from_page(&world, "OPTIONS", path, origin, asks).await;
        assert_eq!(answer.status(), status, "{path} {origin} {asks:?}");
        assert_eq!(header(&answer, "access-control-allow-origin"), None);
        let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains(message), "{body}");
    }
    let (status, body) = world.send("OPTIONS", "/bucket/a", Signer::Nobody, "").await;
    assert!(
        status == 400 && body.contains("Origin request header needed"),
        "{body}"
    );
}

/// The page needs the header to read the answer, also that it is refused.
#[tokio::test]
async fn an_answer_to_a_page_has_the_headers_of_cors() {
    let world = with_cors().await;
    let refused = from_page(&world, "GET", "/bucket/a", SHOP, None).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(header(&refused, "access-control-allow-origin"), Some(SHOP));
    assert_eq!(header(&refused, "access-control-allow-headers"), None);
    for (method, origin) in [("GET", "https://other.example"), ("DELETE", SHOP)] {
        let answer = from_page(&world, method, "/bucket/a", origin, None).await;
        assert_eq!(header(&answer, "access-control-allow-origin"), None);
    }
    let allowed = |method, path, origin| {
        let mut request = request(method, path, Signer::Nobody, Body::empty());
        request
            .headers_mut()
            .insert("origin", HeaderValue::from_static(origin));
        world.s3.allows_page(&request.into_parts().0)
    };
    assert!(allowed("PUT", "/bucket/a", SHOP));
    assert!(allowed("OPTIONS", "/bucket/a", "https://other.example"));
    assert!(!allowed("PUT", "/bucket/a", "https://other.example"));
    assert!(!allowed("DELETE", "/bucket/a", SHOP));
    assert!(!allowed("PUT", "/none/a", SHOP));
}
