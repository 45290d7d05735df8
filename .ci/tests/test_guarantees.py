"""docs/GUARANTEES.md names tests that exist."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
LINKS = re.findall(r"\[`?([^\]`]+)`?\]\(([^)#]+)\)", (DOCS / "GUARANTEES.md").read_text())


@pytest.mark.parametrize(("name", "target"), LINKS)
def test_a_link_leads_to_what_it_names(name, target):
    path = DOCS / target
    assert path.is_file(), f"{target} is not there"
    if path.suffix == ".rs" and name != path.name:
        assert re.search(rf"\bfn {name}\(", path.read_text()), f"{target} has no test {name}"


def test_there_are_links():
    assert len(LINKS) > 20
