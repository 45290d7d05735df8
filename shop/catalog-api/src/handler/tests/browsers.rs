//! The storefront is a page of another origin (CORS). Every answer must let it read the status, or a browser shows it nothing.

use super::*;

const STOREFRONT: (&str, &str) = ("origin", "https://shop.example.com");

#[tokio::test]
async fn every_answer_names_the_storefront() {
    let api = api();
    for (method, path, status) in [
        ("GET", "/books", 200),
        ("POST", "/books", 201),
        ("POST", "/books", 200),
        ("GET", "/books/1", 404),
        ("GET", "/nothing", 404),
        ("PATCH", "/books", 405),
        ("PUT", PATH, 428),
        ("OPTIONS", PATH, 204),
    ] {
        let answer = api.send(method, path, &[STOREFRONT], &book()).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(
            answer.header("access-control-allow-origin"),
            STOREFRONT.1,
            "{method} {path}"
        );
        assert_eq!(answer.header("vary"), "origin");
        assert!(answer.header("access-control-expose-headers").contains("ETag"));
    }
    api.catalogue.fail(Fault::Away);
    let away = api.send("GET", "/books", &[STOREFRONT], &Value::Null).await;
    assert_eq!(
        (away.status, away.header("access-control-allow-origin")),
        (503, STOREFRONT.1)
    );
}

#[tokio::test]
async fn a_preflight_allows_what_the_resource_supports() {
    let api = api();
    let asked = [STOREFRONT, ("access-control-request-method", "PUT")];
    let answer = api.send("OPTIONS", PATH, &asked, &Value::Null).await;
    assert_eq!(
        answer.header("access-control-allow-methods"),
        "GET, HEAD, PUT, DELETE, OPTIONS"
    );
    assert!(answer.header("access-control-allow-headers").contains("If-Match"));
    assert_eq!(answer.header("access-control-max-age"), "7200");
}

#[tokio::test]
async fn another_page_may_not_read_an_answer() {
    let api = api();
    let foreign = [
        ("origin", "https://evil.example.com"),
        ("access-control-request-method", "PUT"),
    ];
    for method in ["GET", "OPTIONS"] {
        let answer = api.send(method, "/books", &foreign, &Value::Null).await;
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_eq!(answer.header("access-control-allow-methods"), "");
    }
}
