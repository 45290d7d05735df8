//! The files of the page, which are part of the program.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// No inline code and no other origin: a text that became markup could run nothing and send nothing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

struct Asset {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

macro_rules! assets {
    ($($name:literal $content_type:literal)*) => {
        [$(Asset {
            name: $name,
            content_type: $content_type,
            bytes: include_bytes!(concat!("../assets/", $name)),
        }),*]
    };
}

const PAGE: &str = "index.html";

const ASSETS: &[Asset] = &assets! {
    "index.html" "text/html; charset=utf-8"
    "console.css" "text/css; charset=utf-8"
    "app.js" "text/javascript; charset=utf-8"
    "dom.js" "text/javascript; charset=utf-8"
    "server.js" "text/javascript; charset=utf-8"
    "pipeline.js" "text/javascript; charset=utf-8"
    "place.js" "text/javascript; charset=utf-8"
    "orders.js" "text/javascript; charset=utf-8"
    "mail.js" "text/javascript; charset=utf-8"
    "letters.js" "text/javascript; charset=utf-8"
    "faults.js" "text/javascript; charset=utf-8"
    "plots.js" "text/javascript; charset=utf-8"
    "icon.svg" "image/svg+xml"
};

/// Answers with the page.
pub(crate) async fn page(headers: HeaderMap) -> Response {
    respond(PAGE, &headers)
}

/// Answers with one file of the page.
pub(crate) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    respond(&name, &headers)
}

fn respond(name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return (StatusCode::NOT_FOUND, "The console has no such page.\n").into_response();
    };
    // Another build has other files, so that a browser asks each time. The answer is short if nothing changed.
    let tag = format!("\"{:016x}\"", fingerprint(asset.bytes));
    let fixed = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known == tag.as_str());
    let (status, body) = if is_known {
        (StatusCode::NOT_MODIFIED, &[][..])
    } else {
        (StatusCode::OK, asset.bytes)
    };
    (status, fixed, [(header::ETAG, tag)], body).into_response()
}

/// FNV-1a: it tells one build's file from another's, and protects nothing.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The limit for all that a first visit loads.
    const MAX_BYTES: usize = 150 * 1024;

    #[test]
    fn the_whole_page_is_small() {
        let bytes: usize = ASSETS.iter().map(|asset| asset.bytes.len()).sum();
        assert!(bytes < MAX_BYTES, "{bytes} bytes");
    }

    #[test]
    fn every_file_of_the_folder_is_served() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let mut served: Vec<&str> = ASSETS.iter().map(|asset| asset.name).collect();
        served.sort_unstable();
        assert_eq!(files, served);
    }

    #[test]
    fn the_page_holds_no_inline_code_and_no_other_origin() {
        for asset in ASSETS {
            let text = String::from_utf8_lossy(asset.bytes);
            for inline in [
                " style=\"",
                "<style",
                " onclick",
                " onload",
                "javascript:",
                "innerHTML",
                "//cdn",
                "https://",
            ] {
                assert!(!text.contains(inline), "{} contains {inline}", asset.name);
            }
        }
    }
}
