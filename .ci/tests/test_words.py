"""Words that this project gave up, because a reader had to learn them. docs/GLOSSARY.md has the words that are used."""

import re
from pathlib import Path

import pytest
from repository import ROOT, tracked

# Between two words of a sentence there may be a line break, with the mark of a comment on the new line.
GAP = r"(?:[\s_]|///?|//!|#)+"
RETIRED = {
    "MAX_... for limits": r"\bMOST(?:_[A-Z]\w*)?\b",
    "dead-letter (verb), dead-lettered": r"(?i:bur(?:y|ied|ies|ial))",
    "notified, logged, reported or published": rf"(?i:\b(?:told|tells?|telling){GAP}(?:of|again)\b)|(?i:_(?:told|tells?)_(?:of|again))",
    "random number generator, rng": r"\bChance\b",
    "batch": r"(?i:bulk)",
    "place_batch": r"(?i:place_?all)\b",
    "DesiredState; a request": r"\b(?i:wish(?:es|ed)?)\b",
    "fault_injection": r"(?i:faulty)",
    "classification, classify": r"(?i:judge?ment)",
    "CallError, ErrorResponse, ErrorBody": r"\bRefusal\b",
    "replay_outcome, predicted outcome": r"(?i:prospect)",
    "counts, summary": r"(?i:\btall(?:y|ies)\b|_tall(?:y|ies)\b|\bTally[A-Z]?)",
    "the other records of the batch": r"(?i:neighbou?r)",
    "handled, processed": r"\b(?i:work(?:ed|ing|s)?) off\b",
    "a name of its own for each type": r"\b(?:struct|enum|trait|type)\s+(?:Line|Place|Window|Settled|Letter)\b",
}
# Not ours to rename: a public field of `verify --json`, a function of dynoxide, and the note of the sample order.
KEPT = re.compile(r"unburied_poison|disable_bulk_loading|with the neighbour at number 7")
# This file names the words, and the changelog says what became of them.
EXEMPT = {Path(__file__), ROOT / "CHANGELOG.md"}
SUFFIXES = {".rs", ".py", ".sh", ".md", ".yaml", ".yml", ".toml", ".sql"}


def read_by_people(path):
    if path in EXEMPT or path.name == "Cargo.lock":
        return False
    return path.suffix in SUFFIXES or path.name in {"Makefile"} or path.read_bytes().startswith(b"#!")


def found(pattern, text):
    """Each match of a retired word, with its line."""
    text = KEPT.sub(lambda match: " " * len(match[0]), text)
    for match in re.finditer(pattern, text):
        yield text.count("\n", 0, match.start()) + 1, " ".join(match[0].split())


TEXTS = {path: path.read_text() for path in tracked() if read_by_people(path)}


@pytest.mark.parametrize("instead", RETIRED)
def test_a_retired_word_is_gone(instead):
    matches = [
        f"{path.relative_to(ROOT)}:{line}: {word}" for path, text in TEXTS.items() for line, word in found(RETIRED[instead], text)
    ]
    assert not matches, f"{len(matches)} times; say instead: {instead}\n" + "\n".join(matches[:50])


def test_sweep_is_a_scan_where_dead_letters_are_read():
    folders = ("orderctl", "dead-letters", "docs")
    matches = [
        f"{path.relative_to(ROOT)}:{line}: {word}"
        for path, text in TEXTS.items()
        if path.relative_to(ROOT).parts[0] in folders
        for line, word in found(r"(?i:\bsweep)", text)
    ]
    assert not matches, "\n".join(matches[:50])


# A sentence ends with a mark or with a cell, and begins after it or after an empty line.
NO_NOUN = re.compile(r"(?:\A|\n\s*\n|[.!?:] +|[.!?]\n|\| |^ *- )((?:What|That) [^.?!|]*[.?!|])", re.MULTILINE)


def without_noun(text):
    """The sentences that begin with "What" or "That" instead of a noun. Questions, headings and code are none."""
    prose = "\n".join("" if line.startswith(("    ", "#")) else line for line in text.splitlines())
    return [match[1] for match in NO_NOUN.finditer(prose) if not match[1].endswith("?")]


@pytest.mark.parametrize("path", [path for path in TEXTS if path.suffix == ".md"], ids=lambda path: str(path.relative_to(ROOT)))
def test_a_sentence_begins_with_a_noun(path):
    assert not without_noun(TEXTS[path])


# A line of a comment in Rust, Python, shell, YAML or TOML. Neither an attribute nor the line that names the interpreter is one.
COMMENT = re.compile(r"^\s*(?://[/!]?|#(?![\[!])) ?(.*)$")
# "That queue" and "that error" have their noun.
THAT_ALONE = re.compile(r"That (?:an?|the|it|they|this|each|every|no|one|nothing|its|all|of|which|is|was)\b")


def comments(text):
    """Each comment that fills whole lines, with the number of its first line."""
    block = []
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if match := COMMENT.match(line):
            block.append(match[1])
        elif block:
            yield number - len(block), "\n".join(block)
            block = []


def without_noun_in_comments(text):
    for number, comment in comments(text):
        for sentence in without_noun(comment):
            if sentence.startswith("What") or THAT_ALONE.match(sentence):
                yield number, sentence


def test_a_sentence_of_a_comment_begins_with_a_noun():
    matches = [
        f"{path.relative_to(ROOT)}:{line}: {' '.join(sentence.split())}"
        for path, text in TEXTS.items()
        if path.suffix != ".md"
        for line, sentence in without_noun_in_comments(text)
    ]
    assert not matches, "\n".join(matches)


def test_a_comment_without_a_noun_would_be_found():
    text = "/// What it holds.\nstruct A;\n// Fails. That it fails\n// is right. That queue is empty. What next?\n#[cfg(test)]\n# What.\n"
    assert list(without_noun_in_comments(text)) == [(1, "What it holds."), (3, "That it fails\nis right.")]


def test_a_sentence_without_a_noun_would_be_found():
    text = "# What is left\n\nThat it fails is right.\nOne. What becomes of it is logged. What next? A thing that works.\n| a | What it holds. |\n    What."
    assert [sentence.split()[0] for sentence in without_noun(text + ".")] == ["That", "What", "What"]


@pytest.mark.parametrize(
    ("instead", "text"),
    [
        ("MAX_... for limits", "Quantity::MOST"),
        ("MAX_... for limits", "const MOST_BYTES: usize = 1;"),
        ("dead-letter (verb), dead-lettered", "fn bury_all()"),
        ("dead-letter (verb), dead-lettered", "the burial of a message"),
        ("notified, logged, reported or published", "an order is told of by email"),
        ("notified, logged, reported or published", "/// an order is told\n    /// of by email"),
        ("notified, logged, reported or published", "fn is_told_of_once()"),
        ("notified, logged, reported or published", "they are told again"),
        ("random number generator, rng", "pub struct Chance(f64);"),
        ("place_batch", "handler::place_all::handle"),
        ("counts, summary", "let the_tally = tally();"),
        ("a name of its own for each type", "pub(super) struct Line {"),
    ],
)
def test_a_retired_word_would_be_found(instead, text):
    assert list(found(RETIRED[instead], text))


@pytest.mark.parametrize(
    "text",
    [
        "Canterbur",
        "one line told offline",
        "chance: 0.1",
        "db.disable_bulk_loading();",
        "totally",
        "struct LineItem",
        "foretells office hours",
        "at most one",
        '"unburied_poison"',
    ],
)
def test_other_words_are_left_alone(text):
    assert not [word for pattern in RETIRED.values() for word in found(pattern, text)]
