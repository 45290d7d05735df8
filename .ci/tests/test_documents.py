"""The documents against the template, the tests and the files that they name."""

import re

import pytest
from deployed_template import source
from repository import ROOT, cells, documents, is_test, tracked

PARAMETERS = (ROOT / "docs/DEPLOY.md").read_text().split("## Parameters\n", 1)[1].split("\n## ", 1)[0]
SECURITY = (ROOT / "docs/SECURITY.md").read_text()
NAMED_TESTS = sorted(set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+){3,})`", SECURITY)))


@pytest.mark.parametrize(("name", "parameter"), source()["Parameters"].items())
def test_the_table_of_parameters_is_the_templates(name, parameter):
    row = next(line for line in PARAMETERS.splitlines() if line.startswith(f"| `{name}` |"))
    default = "empty" if parameter["Default"] == "" else f"`{parameter['Default']}`"
    assert cells(row)[1] == default
    assert cells(row)[3] == " ".join(parameter["Description"].split())


def test_the_table_has_no_other_parameters():
    assert set(re.findall(r"^\| `(\w+)` \|", PARAMETERS, re.MULTILINE)) == source()["Parameters"].keys()


def test_security_names_tests():
    assert len([name for name in NAMED_TESTS if name.startswith("test_")]) > 10
    assert len([name for name in NAMED_TESTS if not name.startswith("test_")]) > 5


@pytest.mark.parametrize("name", NAMED_TESTS)
def test_a_test_that_security_names_is_run(name):
    suffix = ".py" if name.startswith("test_") else ".rs"
    assert any(is_test(name, path) for path in tracked() if path.suffix == suffix)


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_linked_exists(path):
    text = re.sub(r"`[^`]*`", "", path.read_text())
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", text):
        file = path.parent / target if target else path
        assert file.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}, f"{target}#{heading}"
