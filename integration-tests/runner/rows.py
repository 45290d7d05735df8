"""Runs the boto3 tests of docs/AWS-COMPATIBILITY.md against LocalStack, and compares what fails with the list of disagreements."""

import argparse
import os
import subprocess
import tempfile
import time
import tomllib
import xml.etree.ElementTree
from pathlib import Path

from . import python_environment
from .failure import Failure
from .localstack_host import LocalStackOnHost, is_healthy
from .paths import ROOT

SUITE = ROOT / "cloud/local-cloud/tests/boto3"
# LocalStack on this machine has the tables of local-cloud, so those of DynamoDB would compare nothing.
FILES = ["test_sqs.py", "test_sqs_recorded.py", "test_sns.py", "test_sns_messages.py", "test_sts.py"]
DISAGREEMENTS = SUITE / "localstack.toml"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="run-localstack-rows.sh",
        description="Runs the boto3 tests of SQS, SNS and STS against LocalStack, as a process of this machine. Fails unless exactly the tests fail "
        "that boto3/localstack.toml lists with the reason. Installed packages are kept in ~/.cache/orders-ci.",
    )
    parser.add_argument("--endpoint", metavar="URL", help="use a LocalStack that already runs there")
    options = parser.parse_args(arguments)
    logs = ROOT / "target/localstack" / f"rows-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    logs.mkdir(parents=True)
    clients = python_environment.install_clients(logs / "install.log")
    if options.endpoint:
        if not is_healthy(options.endpoint):
            raise Failure(f"no LocalStack answers at {options.endpoint}/_localstack/health")
        return compare(run(clients, options.endpoint, logs))
    environment = python_environment.install(logs / "install.log")
    with tempfile.TemporaryDirectory(prefix="orders-localstack-", ignore_cleanup_errors=True) as folder:
        state = Path(folder)
        python_environment.install_plugins(environment, state / "plugins", logs / "install.log")
        localstack = LocalStackOnHost(environment / "bin/python", state / "plugins", None, state, logs)
        try:
            return compare(run(clients, localstack.endpoint_url, logs))
        finally:
            localstack.stop()


def run(clients: Path, endpoint_url: str, logs: Path) -> dict[str, str]:
    """Runs the tests. Returns the result of each, passed, failed or skipped, by its file and name."""
    report = logs / "rows.xml"
    command = [clients / "bin/python", "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", f"--junitxml={report}", *FILES]
    variables = {name: value for name, value in os.environ.items() if name != "AWS_PROFILE"}
    variables |= {"AWS_ENDPOINT_URL": endpoint_url, "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1,localhost"}
    with (logs / "rows.log").open("w") as log:
        subprocess.run(command, cwd=SUITE, env=variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    if not report.exists():
        raise Failure(f"the tests did not run. See {logs / 'rows.log'}")
    results = {}
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        # A test with parameters counts as failed if one of its cases fails.
        name = f"{case.get('classname')}::{case.get('name').split('[')[0]}"
        bad = case.find("failure") is not None or case.find("error") is not None
        result = "failed" if bad else "skipped" if case.find("skipped") is not None else "passed"
        results[name] = "failed" if "failed" in (result, results.get(name)) else result
    return results


def compare(results: dict[str, str]) -> int:
    """Prints the disagreements and what differs from the list of them. Returns the exit code."""
    listed = {test: entry for entry in tomllib.loads(DISAGREEMENTS.read_text())["disagreement"] for test in entry["tests"]}
    failed = {name for name, result in results.items() if result == "failed"}
    for test in sorted(failed & listed.keys()):
        print(f"{test}: {listed[test]['localstack']} Right: {listed[test]['right']} ({listed[test]['source']})")
    for test in sorted(failed - listed.keys()):
        print(f"NOT LISTED: {test} fails on LocalStack")
    for test in sorted(listed.keys() - failed):
        print(f"LISTED IN VAIN: {test} {results.get(test, 'does not exist')}")
    passed = sum(result == "passed" for result in results.values())
    print(f"{passed} of {len(results)} tests pass on LocalStack, {len(failed)} disagree")
    return 0 if passed and failed == listed.keys() else 1
