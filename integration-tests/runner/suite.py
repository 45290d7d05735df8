"""The suite: the program that `cargo test` builds. Its environment selects the target."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .failure import Failure
from .paths import ROOT, SKIPPED, TESTS
from .skipped import Skipped

# On a deployed stack the tests mostly wait, so there are more of them than processors. Tests with #[ignore] run only there.
DEPLOYED = ["--include-ignored", "--test-threads=8"]


@dataclass(frozen=True)
class Programs:
    """The built programs."""

    suite: Path
    orderctl: Path


@dataclass(frozen=True)
class Result:
    """The number of passed tests, and the names of failed and skipped ones."""

    passed: int
    failed: list[str]
    skipped: Skipped


def build(log: Path) -> Programs:
    # The whole workspace: with -p, Cargo would build the dependencies again with other features.
    command = ["cargo", "test", "--workspace", "--test", "suite", "--no-run", "--message-format=json-render-diagnostics"]
    with log.open("ab") as output:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=output, text=True)
    if done.returncode:
        raise Failure(f"the suite does not build. See {log}")
    programs = {}
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message["reason"] == "compiler-artifact" and message["executable"]:
            programs[message["target"]["name"]] = Path(message["executable"])
    return Programs(suite=programs["suite"], orderctl=programs["orders-under-test"])


def run(program: Path, target: str, variables: Mapping[str, str], filters: list[str], log: Path) -> Result:
    """Runs the tests that the target can run. Prints the output of the suite, and writes it to `log`."""
    environment = {name: value for name, value in os.environ.items() if name != "AWS_PROFILE" or target == "aws"}
    # Without backtraces, so that the report of a failed test can be read.
    environment |= {"ORDERS_TARGET": "aws", "RUST_BACKTRACE": "0", **variables}
    skipped = Skipped(SKIPPED, target, _list_names(program))
    command = [program, *([] if target == "tasks" else DEPLOYED), *filters]
    for name in skipped.names:
        command += ["--skip", name]
    passed, failed = 0, []
    with log.open("w") as file:
        # In the directory of the package, as `cargo test` runs it.
        suite = subprocess.Popen(
            command, cwd=TESTS, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            for line in suite.stdout:
                sys.stdout.write(line)
                sys.stdout.flush()
                file.write(line)
                if match := re.match(r"test (\S+) \.\.\. (ok|FAILED)", line):
                    if match[2] == "ok":
                        passed += 1
                    else:
                        failed.append(match[1])
        finally:
            suite.kill()
        status = suite.wait()
    if status and not failed:
        failed.append(f"the suite itself, with status {status}")
    return Result(passed, failed, skipped)


def report(result: Result, target: str) -> int:
    """Prints the results, and returns the exit code."""
    print(f"\nskipped on {target}:\n{result.skipped.table()}")
    print(f"\nran {result.passed + len(result.failed)}, skipped {len(result.skipped.names)}, failed {len(result.failed)}")
    for name in result.failed:
        print(f"  FAILED {name}")
    # A run without a single test is a failure, too.
    return 0 if result.passed and not result.failed else 1


def _list_names(program: Path) -> list[str]:
    listed = subprocess.run([program, "--list", "--format=terse"], capture_output=True, text=True, check=True).stdout
    return [line.removesuffix(": test") for line in listed.splitlines() if line.endswith(": test")]
