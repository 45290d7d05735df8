"""What docs/DEPLOY.md and docs/SECURITY.md say of the template and of tests is so."""

import re
from pathlib import Path

import pytest
from deployed_template import source

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = (ROOT / "docs/DEPLOY.md").read_text()
SECURITY = (ROOT / "docs/SECURITY.md").read_text()


@pytest.mark.parametrize(("name", "parameter"), source()["Parameters"].items())
def test_the_table_of_parameters_is_the_templates(name, parameter):
    row = next(line for line in DEPLOY.splitlines() if line.startswith(f"| `{name}` |"))
    default = "empty" if parameter["Default"] == "" else f"`{parameter['Default']}`"
    assert row.split(" | ")[1] == default
    assert " ".join(parameter["Description"].split()) in row


def test_the_tests_that_are_named_exist():
    suite = "\n".join(path.read_text() for path in (ROOT / ".ci/tests").glob("*.py"))
    sources = [*ROOT.glob("*/src/**/*.rs"), *ROOT.glob("*/tests/**/*.rs")]
    code = "\n".join(path.read_text() for path in sources)
    names = set(re.findall(r"`(test_[a-z0-9_]+)`", SECURITY))
    assert len(names) > 10
    for name in names:
        assert f"def {name}(" in suite, name
    for name in re.findall(r"`([a-z]+(?:_[a-z]+){3,})`", SECURITY):
        assert name.startswith("test_") or f"fn {name}(" in code, name


def test_what_is_linked_exists():
    for text in (DEPLOY, SECURITY):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / "docs" / target).exists(), target
