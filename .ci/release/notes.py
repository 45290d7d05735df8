#!/usr/bin/env python3
"""Prints the notes of a release: the section of CHANGELOG.md for a tag such as v1.2.3.

    .ci/release/notes.py TAG

Fails unless the tag is the version in Cargo.toml, and the changelog has a section for it that says something.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def notes(tag: str, version: str, changelog: str) -> str:
    if tag != f"v{version}":
        raise SystemExit(f"the tag is {tag}, and the version in Cargo.toml is {version}")
    sections = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:]
    found = [section for section in sections if section.startswith(f"[{version}]")]
    if len(found) != 1:
        raise SystemExit(f"CHANGELOG.md has {len(found)} sections for {version}, and must have one")
    heading, _, body = found[0].partition("\n")
    if not re.fullmatch(rf"\[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d", heading.strip()):
        raise SystemExit(f"the heading must be '## [{version}] - YYYY-MM-DD', and is '## {heading}'")
    # Links at the end of the file belong to no section.
    body = re.sub(r"^\[[^\]]+\]: \S+\n?", "", body, flags=re.MULTILINE).strip()
    if not body:
        raise SystemExit(f"the section for {version} is empty")
    return body + "\n"


if __name__ == "__main__":
    manifest = tomllib.loads((ROOT / "Cargo.toml").read_text())
    print(notes(sys.argv[1], manifest["workspace"]["package"]["version"], (ROOT / "CHANGELOG.md").read_text()), end="")
