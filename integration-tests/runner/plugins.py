"""The tests of the plugins and of this runner, on the Python that LocalStack is installed in."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from . import python_environment
from .places import PLUGINS, TESTS


def main(arguments: list[str]) -> int:
    with TemporaryDirectory() as folder:
        python = python_environment.install(Path(folder) / "install.log") / "bin/python"
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", PLUGINS / "tests", TESTS / "runner/tests", *arguments]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{PLUGINS}"}).returncode
