#!/usr/bin/env python3
"""Prints how many rows of each table of docs/AWS-COMPATIBILITY.md are exact, and checks the tables.

A row: operation or feature | verdict | source | test. The verdict is `exact`, `differs: WHY` or `refused: ERROR`. The last
cell names tests in backquotes. Each of them has to exist, as a Python function below tests/boto3, as a test below tests/javascript, or
as a Rust function below cloud/, orderctl/src/ or integration-tests/tests/.

Usage: compatibility.py [--differences]
"""

import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = ROOT / "docs/AWS-COMPATIBILITY.md"
VERDICTS = ("exact", "differs", "refused")
MAX_CHARACTERS = 299
# Folders whose Rust tests a row can name.
RUST_TESTS = ("cloud", "orderctl/src", "integration-tests/tests")


def cells(line):
    """The cells of a row. A bar in backquotes does not end a cell."""
    parts = re.findall(r"(?:`[^`]*`|\\\||[^|`])+", line.strip().strip("|"))
    return [part.strip() for part in parts]


def tables(text):
    """Each table by the heading above it: a list of rows, without the two lines of its head."""
    found, heading, rows = {}, "", None
    for line in text.splitlines():
        if line.startswith("#"):
            heading, rows = line.lstrip("# "), None
        elif not line.startswith("|"):
            rows = None
        elif rows is None:
            rows = found.setdefault(heading, [])
            head = 2
        if line.startswith("|"):
            head -= 1
            if head < 0:
                rows.append(cells(line))
    return found


def tests():
    """The names of all tests that a row can name."""
    names = set()
    for path in ROOT.glob("cloud/local-cloud/tests/boto3/test_*.py"):
        names.update(re.findall(r"^def (test_\w+)\(", path.read_text(), re.MULTILINE))
    for path in ROOT.glob("cloud/local-cloud/tests/javascript/*.test.js"):
        names.update(re.findall(r'^test\("(\w+)"', path.read_text(), re.MULTILINE))
    for path in (path for folder in RUST_TESTS for path in (ROOT / folder).glob("**/*.rs")):
        names.update(re.findall(r"\bfn (\w+)\(", path.read_text()))
    return names


def faults(heading, row, known):
    """What is wrong with a row."""
    if len(row) != 4:
        return [f"{len(row)} cells instead of 4"]
    found = [f"a cell has {len(cell)} characters" for cell in row if len(cell) > MAX_CHARACTERS]
    feature, verdict, source, named = row
    kind, _, reason = verdict.partition(":")
    if kind not in VERDICTS or (kind != "exact") != bool(reason.strip()):
        found.append(f"no verdict: {verdict}")
    if not source:
        found.append("no source")
    names = re.findall(r"`(\w+)`", named)
    if not names:
        found.append("no test")
    found.extend(f"no such test: {name}" for name in names if name not in known)
    return [f"{heading}, {feature}: {fault}" for fault in found]


def main(arguments):
    known, wrong = tests(), []
    for heading, rows in tables(DOCUMENT.read_text()).items():
        for row in rows:
            wrong.extend(faults(heading, row, known))
        counts = Counter(row[1].partition(":")[0] for row in rows if len(row) == 4)
        share = 100 * counts["exact"] // max(len(rows), 1)
        rest = ", ".join(f"{counts[kind]} {kind}" for kind in VERDICTS[1:])
        print(f"{heading}: {counts['exact']} of {len(rows)} rows are exact ({share} %), {rest}")
        if "--differences" in arguments:
            for row in rows:
                if not row[1].startswith("exact"):
                    print(f"  {row[0]}: {row[1]}")
    for fault in wrong:
        print(fault, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
