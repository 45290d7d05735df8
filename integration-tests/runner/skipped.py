"""`skipped.toml`: the tests that a target cannot run."""

import tomllib
from pathlib import Path

from .failure import Failure

TARGETS = {"localstack", "aws", "tasks"}


class Skipped:
    def __init__(self, path: Path, target: str, tests: list[str]) -> None:
        """Reads the file, and compares it with the existing tests. An entry that names none of them is an error."""
        self._reasons: dict[str, str] = {}
        for entry in tomllib.loads(path.read_text())["skip"]:
            if not entry["reason"] or not set(entry["on"]) <= TARGETS:
                raise Failure(f"{path}: an entry needs a reason, and `on` of {sorted(TARGETS)}: {entry}")
            for name in entry["tests"]:
                named = [test for test in tests if test == name or (name.endswith("::") and test.startswith(name))]
                if not named:
                    raise Failure(f"{path}: there is no test {name}")
                if target in entry["on"]:
                    self._reasons |= dict.fromkeys(named, entry["reason"])

    @property
    def names(self) -> list[str]:
        return sorted(self._reasons)

    def table(self) -> str:
        """Returns a line for each test, under its reason."""
        by_reason: dict[str, list[str]] = {}
        for name, reason in sorted(self._reasons.items()):
            by_reason.setdefault(reason, []).append(name)
        return "\n".join(f"  {reason}:\n" + "\n".join(f"    {name}" for name in names) for reason, names in by_reason.items())
