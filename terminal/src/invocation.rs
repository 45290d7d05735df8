//! How the user called this program, so that printed hints can be typed as they stand.

/// The words that start this program: `cargo run -q --` under Cargo, else `orderctl`.
///
/// Cargo sets the environment variable `CARGO` for the programs that it runs.
#[must_use]
pub fn program_name() -> &'static str {
    if std::env::var_os("CARGO").is_some() {
        "cargo run -q --"
    } else {
        "orderctl"
    }
}
