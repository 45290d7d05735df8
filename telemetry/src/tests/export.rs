//! The export of spans, to a collector of the test.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use opentelemetry_sdk::trace::SdkTracerProvider;

use crate::otlp::{exporting_to, provider};
use crate::{invocation, link_trace};

const TRACE: [u8; 16] = *b"\x67\x89\x12\x33\xab\xcd\xef\x01\x23\x45\x67\x89\x12\x34\x56\x78";
const HEADER: &str = "Root=1-67891233-abcdef012345678912345678;Parent=463ac35c9f6413ad;Sampled=1";
const OF_MESSAGE: &str = "Root=1-00000000-6f662061206d657373616765;Parent=000000000000002a;Sampled=1";

/// A collector that takes one request. Returns its address, and the request when it is there.
fn collector() -> (String, thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let collected = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut part = [0; 4096];
        loop {
            let read = stream.read(&mut part).unwrap();
            request.extend_from_slice(&part[..read]);
            if read == 0 || is_whole(&request) {
                break;
            }
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .unwrap();
        request
    });
    (address, collected)
}

/// Whether the body is as long as the head says.
fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap();
    let length: usize = length.lines().next().unwrap().parse().unwrap();
    request.len() >= end + 4 + length
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|bytes| bytes == part)
}

/// Runs an invocation that logs, and sends its span.
fn invoke(provider: &SdkTracerProvider, header: &str) {
    let subscriber = exporting_to(crate::subscriber("info", std::io::sink), Some(provider));
    tracing::subscriber::with_default(subscriber, || {
        invocation("r1", Some(header), false).in_scope(|| {
            link_trace(OF_MESSAGE);
            tracing::info!("what happened");
        });
    });
    provider.force_flush().unwrap();
}

#[test]
fn a_collector_gets_the_span_of_an_invocation_in_the_trace_of_its_header() {
    let (address, collected) = collector();
    let provider = provider(&format!("{address}/")).unwrap();
    // The caller has decided not to record the first one.
    invoke(&provider, &HEADER.replace("Sampled=1", "Sampled=0"));
    invoke(&provider, HEADER);
    let request = collected.join().unwrap();
    assert!(request.starts_with(b"POST /v1/traces "));
    assert!(has(&request, &TRACE), "the trace");
    assert!(has(&request, b"of a message"), "the linked trace");
    for text in ["invocation", "function_request_id", "what happened"] {
        assert!(has(&request, text.as_bytes()), "{text}");
    }
    assert_eq!(request.windows(16).filter(|bytes| *bytes == TRACE).count(), 1);
}
