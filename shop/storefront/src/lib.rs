//! The pages of the shop, and their server on one machine.
//!
//! The folder `assets` is the whole storefront: HTML, CSS and JavaScript modules without a build step, which any web server can
//! serve. On this machine the program serves them itself, beside the catalogue. `config.json` tells the pages where the two APIs are.
//!
//! **Invariant:** the pages hold no secret and no right. They call the same public APIs as every other client.

mod addresses;
mod assets;
mod buckets;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use cloud_http::refuse_foreign_pages;

pub use addresses::{Addresses, Buckets, Storefront};

/// The path of the first page.
pub const PATH: &str = "/shop/";

impl Storefront {
    /// The routes, all below [`PATH`].
    pub fn routes(&self) -> Router {
        let routes = Router::new()
            .route("/shop", get(async || Redirect::permanent(PATH)))
            .route(PATH, get(assets::first_page))
            .route("/shop/config.json", get(show_addresses))
            .route("/shop/covers/{*path}", get(buckets::cover))
            .route("/shop/upload", post(buckets::upload))
            .route("/shop/{file}", get(assets::file))
            .with_state(self.clone());
        refuse_foreign_pages(routes)
    }
}

async fn show_addresses(State(storefront): State<Storefront>) -> Response {
    match storefront.addresses() {
        Some(addresses) => (
            [
                (header::CONTENT_TYPE, "application/json"),
                (header::CACHE_CONTROL, "no-store"),
            ],
            // Texts always have a JSON form.
            serde_json::to_string(addresses).unwrap_or_default(),
        )
            .into_response(),
        None => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "1")],
            "The shop starts.\n",
        )
            .into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use tower_service::Service;

    use super::*;

    async fn get(storefront: &Storefront, path: &str) -> Response {
        let request = Request::builder().uri(path).header("host", "127.0.0.1");
        let response = storefront.routes().call(request.body(Body::empty()).unwrap());
        response.await.unwrap()
    }

    fn connected() -> Storefront {
        connected_to("http://127.0.0.1:1")
    }

    /// A server whose buckets are at this address.
    fn connected_to(s3: &str) -> Storefront {
        let storefront = Storefront::default();
        let addresses = Addresses {
            catalog_url: "..".to_owned(),
            order_url: "http://127.0.0.1:8080".to_owned(),
            covers_url: ".".to_owned(),
            upload_url: "upload".to_owned(),
        };
        let buckets = Buckets {
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            covers_url: format!("{s3}/covers"),
            uploads_url: format!("{s3}/uploads"),
        };
        storefront.connect(addresses, buckets);
        storefront
    }

    #[tokio::test]
    async fn the_pages_wait_for_the_addresses() {
        let starting = Storefront::default();
        assert_eq!(get(&starting, "/shop/config.json").await.status(), 503);
        assert_eq!(get(&connected(), "/shop/config.json").await.status(), 200);
    }

    #[tokio::test]
    async fn a_page_may_call_the_orders_and_no_other_origin() {
        for path in [PATH, "/shop/basket.html"] {
            let page = get(&connected(), path).await;
            assert_eq!(page.status(), 200, "{path}");
            let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(
                policy.contains("connect-src 'self' http://127.0.0.1:8080;"),
                "{policy}"
            );
            assert!(policy.contains("default-src 'none'"), "{policy}");
        }
        assert_eq!(get(&connected(), "/shop/nothing.html").await.status(), 404);
        assert_eq!(get(&connected(), "/shop").await.headers()["location"], PATH);
    }

    /// A bucket that answers the path, the query and the length of each request.
    async fn bucket() -> String {
        let echo = async |request: axum::extract::Request| {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let text = format!("{} {} {}", parts.method, parts.uri, body.len());
            (
                [(header::CACHE_CONTROL, "immutable"), (header::SERVER, "s3")],
                text,
            )
        };
        let listener = cloud_http::Listener::bind(0).await.unwrap();
        let url = listener.url();
        let router = Router::new().fallback(echo);
        tokio::spawn(cloud_http::serve(
            listener,
            router,
            cloud_http::Origins::None,
            std::future::pending(),
        ));
        url
    }

    async fn text(response: Response) -> String {
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        String::from_utf8(body.unwrap().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn pictures_and_uploads_pass_through_to_their_buckets() {
        let storefront = connected_to(&bucket().await);
        let picture = get(&storefront, "/shop/covers/9783161484100/0A-160.jpg").await;
        assert_eq!(picture.headers()[header::CACHE_CONTROL], "immutable");
        assert_eq!(picture.headers()[header::CONTENT_SECURITY_POLICY], "sandbox");
        assert!(!picture.headers().contains_key(header::SERVER));
        assert_eq!(
            text(picture).await,
            "GET /covers/covers/9783161484100/0A-160.jpg 0"
        );
        for path in [
            "/shop/covers/%2e%2e/a",
            "/shop/covers/a/.b",
            "/shop/covers/a%3Facl",
            "/shop/covers/a//b",
        ] {
            assert_eq!(get(&storefront, path).await.status(), 404, "{path}");
        }
        let form = Request::post("/shop/upload")
            .header("host", "127.0.0.1")
            .body(Body::from("form"));
        let sent = storefront.routes().call(form.unwrap()).await.unwrap();
        assert_eq!(text(sent).await, "POST /uploads 4");
    }

    #[tokio::test]
    async fn without_its_buckets_the_shop_says_so() {
        let path = "/shop/covers/9783161484100/0A-160.jpg";
        assert_eq!(get(&Storefront::default(), path).await.status(), 503);
        assert_eq!(get(&connected(), path).await.status(), 502);
    }
}
