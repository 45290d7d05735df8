"""Runs the tests of the plugins and of this runner in the Python environment of LocalStack."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from . import python_environment
from .paths import PLUGINS, TESTS

# A test that hangs fails: pytest prints where it hangs, and exits. In seconds, and far above the time of the slowest test.
TEST_TIME_LIMIT = 300


def time_limit(seconds: float) -> list[str]:
    """Returns the options of pytest for a time limit of each test."""
    return ["-o", f"faulthandler_timeout={seconds}", "-o", "faulthandler_exit_on_timeout=true"]


def main(arguments: list[str]) -> int:
    with TemporaryDirectory() as folder:
        python = python_environment.install(Path(folder) / "install.log") / "bin/python"
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *time_limit(TEST_TIME_LIMIT), PLUGINS / "tests", TESTS / "runner/tests", *arguments]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{PLUGINS}"}).returncode
