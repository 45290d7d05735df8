"""The mutations of simulation/mutations.toml, without playing them."""

import sys

from repository import ROOT

sys.path.insert(0, str(ROOT / ".ci"))
import mutations  # noqa: E402


def test_the_text_of_each_mutation_stands_once_in_its_file():
    assert mutations.misplaced(mutations.read()) == []


def test_a_text_that_is_gone_is_named():
    (wrong,) = mutations.misplaced([{"name": "gone", "file": "Cargo.toml", "find": "no such text"}])
    assert wrong == "gone: its text is 0 times in Cargo.toml, and has to be there once"
