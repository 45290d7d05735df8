//! How this program was called, so that hints can be typed as they stand.

/// `cargo run -q --` under Cargo, which names itself in the environment; the program's name elsewhere.
#[must_use]
pub fn program() -> &'static str {
    if std::env::var_os("CARGO").is_some() {
        "cargo run -q --"
    } else {
        "orderctl"
    }
}
