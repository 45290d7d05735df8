//! The floor: a client of the Runtime API that sends requests which exist before it starts, with another id for each order. It reads the
//! length of each answer, and nothing else. Only the standard library: `rustc -O --edition 2024 floor.rs`.
//!
//! The argument is a folder with the requests that order-worker or order-api has sent, as `requests/SIZE/NUMBER`, and with the `answer` to every
//! event.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;

/// The ids of all orders begin so, and six digits of the run follow.
const ID: &[u8] = b"0199d3a0-5c1e-7b3a-9f57-";
const DIGITS: usize = 6;

/// A connection that stays open.
struct Connection {
    reader: BufReader<TcpStream>,
    request_id: String,
    body: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self { reader: BufReader::new(stream), request_id: String::new(), body: Vec::new() }
    }

    fn exchange(&mut self, request: &[u8]) {
        self.reader.get_mut().write_all(request).expect("a request is sent");
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            self.reader.read_line(&mut line).expect("an answer");
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                if line.trim_end().is_empty() {
                    break;
                }
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().expect("a length");
            } else if name.eq_ignore_ascii_case("lambda-runtime-aws-request-id") {
                self.request_id = value.to_owned();
            }
        }
        self.body.resize(length, 0);
        self.reader.read_exact(&mut self.body).expect("a body");
    }
}

/// The requests for a batch, each with the places of its ids.
fn prepare(folder: &Path) -> Vec<(Vec<u8>, Vec<usize>)> {
    let count = std::fs::read_dir(folder).expect("requests").count();
    let request = |number: usize| {
        let request = std::fs::read(folder.join(number.to_string())).expect("a request");
        let places = (0..request.len() - ID.len()).filter(|at| request[*at..].starts_with(ID)).map(|at| at + ID.len()).collect();
        (request, places)
    };
    (0..count).map(request).collect()
}

fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    let folder = Path::new(&folder);
    let sizes = [1, 10, 100].map(|size| folder.join("requests").join(size.to_string()));
    let mut batches: Vec<_> = sizes.iter().filter(|size| size.exists()).map(|size| prepare(size)).collect();
    let answer = std::fs::read_to_string(folder.join("answer")).expect("an answer");
    let endpoint = std::env::var("AWS_ENDPOINT_URL").expect("AWS_ENDPOINT_URL");
    let mut aws = Connection::open(endpoint.trim_start_matches("http://"));
    let mut runtime = Connection::open(&std::env::var("AWS_LAMBDA_RUNTIME_API").expect("AWS_LAMBDA_RUNTIME_API"));
    let run = u32::from_str_radix(&std::env::var("RUN").expect("RUN"), 16).expect("a number");
    for invocation in 0_u32.. {
        runtime.exchange(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: runtime\r\n\r\n");
        let is_large = runtime.body.len() > 40_000;
        let digits = format!("{:06x}", run + invocation);
        for (request, places) in &mut batches[usize::from(is_large)] {
            for place in places {
                request[*place..*place + DIGITS].copy_from_slice(digits.as_bytes());
            }
            aws.exchange(request);
        }
        let id = runtime.request_id.clone();
        let response = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: runtime\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        runtime.exchange(response.as_bytes());
    }
}
