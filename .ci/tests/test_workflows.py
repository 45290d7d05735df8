"""The workflows of GitHub against .ci/run, and the release's tools. The step `workflows` lints the same files."""

import re
import subprocess
import sys

import pytest
import yaml
from repository import ROOT

sys.path.insert(0, str(ROOT / ".ci/release"))
from notes import notes  # noqa: E402

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
CI = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
LIMITS = dict(line.split() for line in subprocess.check_output([ROOT / ".ci/run", "--limits"], text=True).splitlines())
JOBS = CI["jobs"]["step"]["strategy"]["matrix"]["include"]


def test_ci_runs_every_step_once_and_no_other():
    assert [job["step"] for job in JOBS] == list(LIMITS)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job["step"])
def test_a_job_outlives_its_steps_own_limit(job):
    """A hang is reported by .ci/run, which names the step, and not by GitHub, which ends the job."""
    steps = {"bootstraps": ["sam_build", "bootstraps"]}.get(job["step"], [job["step"]])
    assert job["minutes"] * 60 >= sum(int(LIMITS[step]) for step in steps) + 300


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_an_action_is_pinned_by_its_commit_and_names_its_version(path):
    uses = re.findall(r"uses: (.*)", path.read_text())
    assert uses
    for one in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one), one


def test_an_action_has_one_pin():
    text = "".join(path.read_text() for path in WORKFLOWS)
    pins = set(re.findall(r"uses: ([\w/-]+)@(\w+)", text))
    assert len(pins) == len({action for action, _ in pins})


CHANGELOG = """# Changelog

## [Unreleased]

### Added

- Not yet.

## [1.2.0] - 2026-12-01

### Fixed

- A thing.

## [1.1.0] - 2026-11-01

[1.2.0]: https://example.com
"""


def test_the_notes_are_the_section_of_the_version():
    assert notes("v1.2.0", "1.2.0", CHANGELOG) == "### Fixed\n\n- A thing.\n"


@pytest.mark.parametrize(
    ("tag", "version", "says"),
    [
        ("v1.2.1", "1.2.0", "the tag is v1.2.1"),
        ("1.2.0", "1.2.0", "the tag is 1.2.0"),
        ("v1.3.0", "1.3.0", "0 sections"),
        ("v1.1.0", "1.1.0", "is empty"),
    ],
)
def test_a_release_without_notes_fails(tag, version, says):
    with pytest.raises(SystemExit, match=says):
        notes(tag, version, CHANGELOG)


def test_the_changelog_has_a_section_for_what_is_not_released():
    """And each version has one heading, newest first."""
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    versions = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d\d-\d\d", heading) for heading in headings[1:]]
    assert all(versions)
    numbers = [tuple(map(int, version.groups())) for version in versions]
    assert numbers == sorted(set(numbers), reverse=True)
