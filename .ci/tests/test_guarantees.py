"""Every promise and every limit of docs/GUARANTEES.md names tests, and what it names is a test that CI runs."""

import re

import pytest
from repository import ROOT, RUN_WITH_IGNORED, is_test

DOCS = ROOT / "docs"
TEXT = (DOCS / "GUARANTEES.md").read_text()
LINK = re.compile(r"\[`?([^\]`]+)`?\]\(([^)#]+)\)")
SECTIONS = ("What is promised", "What is not promised")


def entries(text, title):
    """The entries of a section: each begins with a heading of the third level."""
    section = text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]
    return ["### " + entry for entry in section.split("### ")[1:]]


ENTRIES = {entry.splitlines()[0].removeprefix("### "): entry for title in SECTIONS for entry in entries(TEXT, title)}


@pytest.mark.parametrize(("name", "target"), LINK.findall(TEXT))
def test_a_link_leads_to_what_it_names(name, target):
    path = (DOCS / target).resolve()
    assert path.is_file(), f"{target} is not there"
    if path.suffix in {".rs", ".py"} and name != path.name:
        assert is_test(name, path), f"{target} has no test {name} that CI runs"


@pytest.mark.parametrize("title", ENTRIES)
def test_an_entry_names_a_test(title):
    shown_by = ENTRIES[title].split("Shown by", 1)
    assert len(shown_by) == 2, "an entry says what it is shown by"
    links = LINK.findall(shown_by[1])
    assert any(is_test(name, (DOCS / target).resolve()) for name, target in links)


def test_there_are_promises_and_limits():
    assert all(len(entries(TEXT, title)) > 9 for title in SECTIONS)


def test_the_ignored_tests_of_the_suite_are_run_somewhere():
    """An ignored test proves something only where a step of CI runs it."""
    assert '"--include-ignored"' in (ROOT / "integration-tests/runner/suite.py").read_text()
    assert "integration-tests/run-localstack.sh --host" in (ROOT / ".ci/run").read_text()
    assert (ROOT / RUN_WITH_IGNORED).is_dir()


RUST = """
#[tokio::test]
// Why.
async fn real() {}

fn helper() {}
#[test]
fn other() {}

#[test]
#[ignore = "a measurement"]
fn ignored() {}

#[ignore]
#[test]
fn ignored_first() {}

#[test]
#[cfg_attr(unix, ignore)]
fn ignored_here() {}

// #[test]
fn in_a_comment() {}

#[tokio::test(start_paused = true)]
#[expect(clippy::too_many_lines, reason = "one story")]
async fn with_arguments() {}
"""
PYTHON = """
def test_real(): pass

@pytest.mark.parametrize("a", [1])
def test_many(a): pass

@pytest.mark.skip
def test_skipped(): pass

def helper(): pass
"""


def test_a_function_that_nobody_calls_is_no_test(tmp_path):
    rust, python = tmp_path / "tests.rs", tmp_path / "tests.py"
    rust.write_text(RUST)
    python.write_text(PYTHON)
    names = ["real", "other", "with_arguments", "helper", "ignored", "ignored_first", "ignored_here", "in_a_comment", "absent"]
    assert [name for name in names if is_test(name, rust)] == ["real", "other", "with_arguments"]
    names = ["test_real", "test_many", "test_skipped", "helper", "test_absent"]
    assert [name for name in names if is_test(name, python)] == ["test_real", "test_many"]
