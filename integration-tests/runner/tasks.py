"""Runs the suite on systems of this machine whose functions are tasks (`up --isolation task`)."""

import argparse
import os
import time

from . import suite
from .paths import ROOT


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="run-tasks.sh",
        description="Runs the integration suite on systems of this machine whose functions are tasks of the system's own process.",
    )
    parser.add_argument("filter", nargs="*", help="run only tests whose name contains one of these")
    options = parser.parse_args(arguments)
    logs = ROOT / "target/tasks" / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    logs.mkdir(parents=True)
    programs = suite.build(logs / "build.log")
    # Each test starts a system of its own, and the commands that start one read this, too.
    variables = {"ORDERS_TARGET": "local", "ORDERS_ISOLATION": "task"}
    result = suite.run(programs.suite, "tasks", variables, options.filter, logs / "suite.log")
    print(f"\nlogs: {logs}", flush=True)
    return suite.report(result, "tasks")
