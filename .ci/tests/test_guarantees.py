"""Every line of docs/GUARANTEES.md names tests, and what it names is a test."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
TEXT = (DOCS / "GUARANTEES.md").read_text()
LINK = re.compile(r"\[`?([^\]`]+)`?\]\(([^)#]+)\)")
# A row says first, in bold, what is promised or not; the tables of figures do not.
ROWS = [line for line in TEXT.splitlines() if line.startswith("| ") and "**" in line]


def is_test(name, path):
    """Whether a file has a test of this name: a function that its test runner calls."""
    text = path.read_text()
    if path.suffix == ".py":
        return name.startswith("test_") and re.search(rf"^def {name}\(", text, re.MULTILINE)
    # Between the attribute and the function there may be others, and comments.
    attribute = r"#\[(?:\w+::)?test(?:\([^\n]*\))?\]\n(?:\s*(?:#\[|//)[^\n]*\n)*"
    return re.search(rf"{attribute}\s*(?:async )?fn {name}\(", text)


@pytest.mark.parametrize(("name", "target"), LINK.findall(TEXT))
def test_a_link_leads_to_what_it_names(name, target):
    path = DOCS / target
    assert path.is_file(), f"{target} is not there"
    if path.suffix in {".rs", ".py"} and name != path.name:
        assert is_test(name, path), f"{target} has no test {name}"


@pytest.mark.parametrize("row", ROWS)
def test_every_line_names_a_test(row):
    shown_by = row.rstrip(" |").rsplit(" | ", 1)[1]
    links = LINK.findall(shown_by)
    assert any(is_test(name, DOCS / target) for name, target in links), row


def test_there_are_promises_and_limits():
    assert len(ROWS) > 20


def test_a_function_that_nobody_calls_is_no_test(tmp_path):
    source = tmp_path / "tests.rs"
    source.write_text("#[tokio::test]\n// Why.\n#[ignore]\nasync fn real() {}\n\nfn helper() {}\n#[test]\nfn other() {}\n")
    assert is_test("real", source)
    assert is_test("other", source)
    assert not is_test("helper", source)
    assert not is_test("absent", source)
