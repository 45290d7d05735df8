//! The pages of the shop, and their server on one machine.
//!
//! The folder `assets` is the whole storefront: HTML, CSS and JavaScript modules without a build step, which any web server can
//! serve. On this machine the program serves them itself, beside the catalogue. `config.json` tells the pages where the two APIs are.
//!
//! **Invariant:** the pages hold no secret and no right. They call the same public APIs as every other client.

mod addresses;
mod assets;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use cloud_http::refuse_foreign_pages;

pub use addresses::{Addresses, Storefront};

/// The path of the first page.
pub const PATH: &str = "/shop/";

impl Storefront {
    /// The routes, all below [`PATH`].
    pub fn routes(&self) -> Router {
        let routes = Router::new()
            .route("/shop", get(async || Redirect::permanent(PATH)))
            .route(PATH, get(assets::first_page))
            .route("/shop/config.json", get(show_addresses))
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
            // Two texts always have a JSON form.
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
        let storefront = Storefront::default();
        storefront.connect(Addresses {
            catalog_url: "..".to_owned(),
            order_url: "http://127.0.0.1:8080".to_owned(),
        });
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
}
