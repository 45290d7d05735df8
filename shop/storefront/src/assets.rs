//! The files of the pages, which are part of the program.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::addresses::Storefront;

struct Asset {
    name: &'static str,
    bytes: &'static [u8],
}

macro_rules! assets {
    ($($name:literal)*) => {
        [$(Asset { name: $name, bytes: include_bytes!(concat!("../assets/", $name)) }),*]
    };
}

const FIRST_PAGE: &str = "index.html";

const ASSETS: &[Asset] = &assets! {
    "index.html" "book.html" "basket.html" "order.html" "admin.html" "shop.css" "icon.svg"
    "config.js" "api.js" "upload.js" "dom.js" "money.js" "cover.js" "basket.js" "checkout.js"
    "list-page.js" "book-page.js" "basket-page.js" "order-page.js" "admin-page.js"
};

pub(crate) async fn first_page(state: State<Storefront>) -> Response {
    file(state, Path(FIRST_PAGE.to_owned())).await
}

pub(crate) async fn file(State(storefront): State<Storefront>, Path(name): Path<String>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return (StatusCode::NOT_FOUND, "The shop has no such page.\n").into_response();
    };
    let policy = HeaderValue::try_from(policy(storefront.order_url()));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(content_type(asset.name)),
        ),
        // Another build has other files.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (
            header::CONTENT_SECURITY_POLICY,
            // An address that is no text of a header allows nothing.
            policy.unwrap_or(HeaderValue::from_static("default-src 'none'")),
        ),
    ];
    (headers, asset.bytes).into_response()
}

/// No inline code, and no other origin than that of the API that takes orders: a text that became markup could run nothing.
fn policy(order_url: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self' {order_url}; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The limit of the whole storefront without covers.
    const MAX_BYTES: usize = 200 * 1024;

    #[test]
    fn every_file_is_served_and_all_together_are_small() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/assets")).unwrap();
        let files: BTreeSet<String> = folder
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        let served: BTreeSet<String> = ASSETS.iter().map(|asset| asset.name.to_owned()).collect();
        assert_eq!(files, served);
        let bytes: usize = ASSETS.iter().map(|asset| asset.bytes.len()).sum();
        assert!(bytes < MAX_BYTES, "{bytes}");
    }
}
