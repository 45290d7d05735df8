"""The mutations of simulation/mutations.toml, without playing them."""

import sys
from pathlib import Path

from repository import ROOT

sys.path.insert(0, str(ROOT / ".ci"))
import mutations  # noqa: E402


def test_the_text_of_each_mutation_stands_once_in_its_file():
    assert mutations.misplaced(mutations.read()) == []


def test_the_tests_that_judge_a_mutation_are_those_of_its_crate():
    judged = [(mutation["file"], mutation["test"].split()) for mutation in mutations.read() if "test" in mutation]
    assert judged
    for file, (package, module) in judged:
        assert file.startswith(f"{package}/src/"), file
        source = Path(ROOT, package, "src", *module.split("::")[:2])
        assert source.is_dir(), module


def test_a_text_that_is_gone_is_named():
    (wrong,) = mutations.misplaced([{"name": "gone", "file": "Cargo.toml", "find": "no such text"}])
    assert wrong == "gone: its text is 0 times in Cargo.toml, and has to be there once"
