//! Every request gets an answer of the contract (order-api/tests/request_path/law.rs).

#![no_main]

#[path = "../../order-api/tests/request_path/law.rs"]
mod law;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));

fuzz_target!(|bytes: &[u8]| {
    RUNTIME.block_on(law::check_request(bytes));
});
