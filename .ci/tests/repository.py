"""The repository's files, and what the tests of its documents need to know of them."""

import os
import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tracked():
    """Every file of the repository: those that Git knows, and new ones that it does not ignore."""
    if not (ROOT / ".git").exists():
        # A build service hands over the files without their history.
        return sorted(path for folder, _, names in walk() for path in (folder / name for name in names))
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\0")
    return [path for path in (ROOT / name for name in sorted(set(names)) if name) if path.is_file()]


def walk():
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in {"target", ".orders", ".aws-sam", ".venv", "__pycache__", ".schemathesis"}]
        yield Path(folder), folders, names


def documents():
    """Every Markdown file."""
    return [path for path in tracked() if path.suffix == ".md"]


def cells(line):
    """The cells of a line of a Markdown table; a bar in code does not end a cell, nor does one behind a backslash."""
    masked = re.sub(r"`[^`]*`", lambda code: code[0].replace("|", "\0"), line.replace("\\|", "\0"))
    return [cell.strip().replace("\0", "|") for cell in masked.strip().strip("|").split("|")]


def is_test(name, path):
    """Whether a file has a test of this name that CI runs: it has a test's attribute, is no comment, and is not ignored by every step."""
    text = path.read_text()
    if path.suffix == ".py":
        function = re.search(rf"^((?:@[^\n]*\n(?:[^\n@d][^\n]*\n)*)*)def {name}\(", text, re.MULTILINE)
        return bool(name.startswith("test_") and function and "mark.skip" not in function[1])
    # Attributes and comments may stand between the test's attribute and its function.
    attributes = r"((?:[ \t]*(?:#\[[^\n]*|//[^\n]*)\n)*)"
    for function in re.finditer(rf"^{attributes}[ \t]*(?:async )?fn {name}\(", text, re.MULTILINE):
        lines = [line.strip() for line in function[1].splitlines()]
        marked = any(re.match(r"#\[(?:\w+::)*test\b", line) for line in lines)
        ignored = any(re.match(r"#\[(?:ignore\b|cfg_attr\(.*\bignore\b)", line) for line in lines)
        if marked and (not ignored or path.is_relative_to(ROOT / RUN_WITH_IGNORED)):
            return True
    return False


# The step `localstack` runs the tests of this folder with `--include-ignored`: test_guarantees.py holds it to that.
RUN_WITH_IGNORED = "integration-tests/tests/suite"
