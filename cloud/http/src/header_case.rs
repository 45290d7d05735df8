//! The names of a request's headers as the client spelled them.
//!
//! `http::HeaderMap` holds names in lower case. hyper keeps the spelling beside it in a private extension, which only its own
//! writer reads ("to forward the cases in a proxy-like fashion", `preserve_header_case`). The head of the request is therefore
//! written to a buffer in memory, and the names are read from there.

use axum::body::Body;
use http::request::Parts;
use http::{HeaderName, Request, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, duplex};

/// Headers that describe the body and the connection. The written head has neither.
const OF_THE_TRANSFER: [HeaderName; 6] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// The size of the buffer between the writer and the reader, in bytes.
const BUFFER_BYTES: usize = 16 * 1024;

/// The head of a request could not be written or read again.
#[derive(Debug, thiserror::Error)]
#[error("the names of the headers cannot be read: {0}")]
pub struct HeaderCaseError(String);

/// Returns the headers of a request that [`serve`](crate::serve) took, with their names as the client spelled them.
///
/// Headers that describe the body and the connection are left out. A value that is not UTF-8 has replacement characters.
///
/// # Errors
/// Returns an error if hyper refuses to write the head.
pub async fn spelled_headers(parts: &Parts) -> Result<Vec<(String, String)>, HeaderCaseError> {
    let mut head = Request::new(Body::empty());
    head.extensions_mut().clone_from(&parts.extensions);
    head.headers_mut().clone_from(&parts.headers);
    for name in OF_THE_TRANSFER {
        head.headers_mut().remove(name);
    }
    let failed = |error: hyper::Error| HeaderCaseError(error.to_string());
    let (near, mut far) = duplex(BUFFER_BYTES);
    let mut writer = http1::Builder::new();
    writer.preserve_header_case(true);
    let (mut sender, connection) = writer.handshake(TokioIo::new(near)).await.map_err(failed)?;
    let write = async { tokio::join!(connection, sender.send_request(head)) };
    let mut bytes = Vec::new();
    let read = async {
        while !bytes.ends_with(b"\r\n\r\n") {
            if far.read_buf(&mut bytes).await? == 0 {
                break;
            }
        }
        std::io::Result::Ok(())
    };
    tokio::select! {
        read = read => read.map_err(|error| HeaderCaseError(error.to_string()))?,
        // The writer waits for an answer that never comes, so it ends first only with an error.
        (_, sent) = write => {
            sent.map_err(failed)?;
        }
    }
    let head = String::from_utf8_lossy(&bytes);
    // The first line is the request line. An empty value has no space before it.
    let fields = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    Ok(fields
        .map(|(name, value)| (name.to_owned(), value.trim_start().to_owned()))
        .collect())
}
