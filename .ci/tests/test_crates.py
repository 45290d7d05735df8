"""The table "Who may import whom" of docs/ARCHITECTURE.md is what the crates' manifests say, both ways."""

import json
import re
import subprocess

import pytest
from repository import ROOT, cells

HEADING = "## Who may import whom"


def table(text):
    """The rows under the heading: for each crate its folder, what it imports, and what its tests import besides."""
    section = text.split(f"{HEADING}\n", 1)[1].split("\n## ", 1)[0]
    rows = [cells(line) for line in section.splitlines() if line.startswith("| `")]
    return {
        name.strip("`"): {"folder": folder.strip("`"), "imports": names(imports), "tests": names(tests)}
        for name, folder, imports, tests in rows
    }


def names(cell):
    return set(re.findall(r"`([a-z0-9-]+)`", cell))


def workspace(metadata):
    """The same, of the manifests. Optional dependencies count."""
    members = {package["name"] for package in metadata["packages"]}
    crates = {}
    for package in metadata["packages"]:
        normal = {d["name"] for d in package["dependencies"] if d["kind"] in (None, "build")} & members
        dev = {d["name"] for d in package["dependencies"] if d["kind"] == "dev"} & members
        folder = package["manifest_path"].removeprefix(metadata["workspace_root"] + "/").removesuffix("/Cargo.toml")
        crates[package["name"]] = {"folder": folder, "imports": normal, "tests": dev - normal}
    return crates


def of_cargo():
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    return workspace(json.loads(subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout))


STATED = table((ROOT / "docs/ARCHITECTURE.md").read_text())
ACTUAL = of_cargo()


def test_the_table_has_every_crate_and_no_other():
    assert STATED.keys() == ACTUAL.keys()


@pytest.mark.parametrize("name", sorted(STATED.keys() & ACTUAL.keys()))
def test_a_row_is_what_the_manifest_says(name):
    assert STATED[name] == ACTUAL[name]


def test_a_row_stands_below_all_that_it_imports():
    """Read from the top, the table only needs what was read already: there is no circle."""
    read = set()
    for name, row in STATED.items():
        assert row["imports"] <= read, name
        read.add(name)


def test_a_manifest_is_read():
    def package(name, *dependencies):
        dependencies = [{"name": of, "kind": kind} for of, kind in dependencies]
        return {"name": name, "dependencies": dependencies, "manifest_path": f"/w/cloud/{name}/Cargo.toml"}

    packages = [package("wire"), package("sqs", ("wire", None), ("wire", "dev"), ("tests", "dev"), ("serde", None)), package("tests")]
    crates = workspace({"packages": packages, "workspace_root": "/w"})
    assert crates["sqs"] == {"folder": "cloud/sqs", "imports": {"wire"}, "tests": {"tests"}}


def test_a_table_is_read():
    text = f"{HEADING}\n\n| crate | folder | imports | tests |\n|---|---|---|---|\n| `a` | `x/a` | `b`, `c-d` | none |\n\n## Next\n| `z` | | | |\n"
    assert table(text) == {"a": {"folder": "x/a", "imports": {"b", "c-d"}, "tests": set()}}
