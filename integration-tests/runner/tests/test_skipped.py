"""The declarations of skipped tests."""

import pytest

from runner.failure import Failure
from runner.paths import SKIPPED
from runner.skipped import Skipped

TESTS = ["flow::a", "flow::b", "lifecycle::c"]


def write(tmp_path, text):
    path = tmp_path / "skipped.toml"
    path.write_text(text)
    return path


def entry(tests, on='["aws"]', reason="why"):
    return f'[[skip]]\ntests = {tests}\non = {on}\nreason = "{reason}"\n'


def test_names_and_whole_modules_are_skipped_on_their_target_alone(tmp_path):
    path = write(tmp_path, entry('["flow::a"]') + entry('["lifecycle::"]', '["aws", "localstack"]', "other"))
    assert Skipped(path, "aws", TESTS).names == ["flow::a", "lifecycle::c"]
    skipped = Skipped(path, "localstack", TESTS)
    assert skipped.names == ["lifecycle::c"]
    assert skipped.table() == "  other:\n    lifecycle::c"


@pytest.mark.parametrize(
    "text",
    [entry('["flow::gone"]'), entry('["flow"]'), entry('["gone::"]'), entry('["flow::a"]', '["azure"]'), entry('["flow::a"]', reason="")],
)
def test_an_invalid_entry_is_an_error(tmp_path, text):
    with pytest.raises(Failure):
        Skipped(write(tmp_path, text), "aws", TESTS)


def test_the_projects_own_file_is_valid():
    with pytest.raises(Failure, match="there is no test"):
        Skipped(SKIPPED, "aws", [])
