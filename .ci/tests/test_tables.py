"""Tables in Markdown: a cell that is longer than a few lines is a paragraph, and belongs into the text."""

import pytest
from repository import ROOT, cells, documents

MAX_CHARACTERS = 299


def long_cells(text):
    """The lines with a cell over the limit, links and all."""
    return [
        f"line {number}: {len(cell)} characters: {cell[:60]}..."
        for number, line in enumerate(text.splitlines(), 1)
        if line.lstrip().startswith("|")
        for cell in cells(line)
        if len(cell) > MAX_CHARACTERS
    ]


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_cell_is_short(path):
    assert not long_cells(path.read_text())


def test_a_long_cell_would_be_found():
    assert len(long_cells(f"| a | {'x' * 300} |\n| `|` | {'y' * 299} |\nno table {'z' * 400}\n")) == 1


def test_a_bar_in_code_does_not_end_a_cell():
    assert cells(r"| `a|b` | c \| d | |") == ["`a|b`", "c | d", ""]
