//! Any request whatever, from the fuzzer's corpus on: never a failure of ours, always an answer of the contract.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "all of this is a test, and a failed unwrap a failed test"
)]

mod law;

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::{Index, select};

/// The requests that fuzzing starts from, by file name.
static CORPUS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/request");
    let mut requests: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect();
    requests.sort();
    requests
});

/// Pieces that are worth putting anywhere.
const PIECES: [&[u8]; 24] = [
    b"\xff",
    b"\xef\xbb\xbf",
    b"\0",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"-0",
    b"1e400",
    b"99999999999999999999",
    b"0.1",
    b"\n\n",
    b"Idempotency-Key: k\n",
    b"&cursor=",
    b"%00",
    b"/orders/batch",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x8e\x81",
];

/// One change of a request.
#[derive(Debug, Clone)]
enum Change {
    Put(Index, &'static [u8]),
    Replace(Index, u8),
    Cut(Index, usize),
    Repeat(Index, usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), select(PIECES.to_vec())).prop_map(|(at, piece)| Change::Put(at, piece)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Change::Cut(at, count)),
        (any::<Index>(), 1..40_usize).prop_map(|(at, count)| Change::Repeat(at, count)),
    ]
}

fn changed(mut request: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if request.is_empty() {
            break;
        }
        let length = request.len();
        match change {
            Change::Put(at, piece) => {
                let at = at.index(length);
                request.splice(at..at, piece.iter().copied());
            }
            Change::Replace(at, byte) => request[at.index(length)] = *byte,
            Change::Cut(at, count) => {
                let at = at.index(length);
                request.drain(at..(at + count).min(length));
            }
            Change::Repeat(at, count) => {
                let at = at.index(length);
                let piece = request[at..(at + count).min(length)].to_vec();
                request.splice(at..at, piece);
            }
        }
    }
    request
}

fn judged(request: &[u8]) -> i64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    runtime.unwrap().block_on(law::check_request(request))
}

/// A corpus file's name starts with the status that it is answered with.
#[test]
fn each_request_of_the_corpus_is_answered_as_its_name_says() {
    assert!(CORPUS.len() > 20);
    for (name, request) in CORPUS.iter() {
        let expected = name.split('-').next().unwrap();
        assert_eq!(judged(request).to_string(), expected, "{name}");
    }
}

proptest! {
    #[test]
    fn changed_requests_get_answers_of_the_contract(
        at in any::<Index>(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        let (_, request) = at.get(CORPUS.as_slice());
        judged(&changed(request.clone(), &changes));
    }

    #[test]
    fn any_bytes_get_answers_of_the_contract(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        judged(&bytes);
    }
}
