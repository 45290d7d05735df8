//! The declarations of `integration-tests/skipped.toml`, checked where a test runs on this machine.
//!
//! A test that needs more than a shared stack has fails on the stack unless it is declared. The same test on this machine
//! fails here, so that nobody needs a stack to notice.

use std::thread;

const DECLARATIONS: &str = include_str!("../../../skipped.toml");

/// Fails the running test if it is not declared.
///
/// The test harness names the thread of a test by the test.
pub(super) fn require_declaration() {
    let thread = thread::current();
    let test = thread.name().unwrap_or_default();
    assert!(
        is_declared(DECLARATIONS, test),
        "{test} needs more than a shared stack has: declare it in integration-tests/skipped.toml"
    );
}

/// A declaration names the test, or a module of it with `::` at the end.
fn is_declared(declarations: &str, test: &str) -> bool {
    let names = |name: &str| declarations.contains(&format!("\"{name}\""));
    names(test)
        || test
            .match_indices("::")
            .any(|(start, colons)| names(&test[..start + colons.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_is_declared_by_its_name_or_by_a_module() {
        let declarations = r#"tests = ["console::the_page", "load::"]"#;
        assert!(is_declared(declarations, "console::the_page"));
        assert!(is_declared(declarations, "load::report::is_written"));
        assert!(!is_declared(declarations, "console::the_page_of_another"));
        assert!(!is_declared(declarations, "console::other"));
        assert!(!is_declared(declarations, ""));
    }
}
