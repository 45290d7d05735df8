"""Runs the suite against a stack on AWS. `AWS_ENDPOINT_URL` selects LocalStack instead, to test this file itself."""

import argparse
import os
import time

from . import python_environment, suite
from .phases import Phases
from .paths import ROOT


def main(arguments: list[str]) -> int:
    options = _parse_options(arguments)
    logs = ROOT / "target/localstack" / f"aws-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    logs.mkdir(parents=True)
    try:
        import boto3  # noqa: F401
    except ImportError:
        python = python_environment.install_boto3(logs / "install.log")
        os.execv(python, [python, "-m", "runner", "aws", *arguments])
    from .aws_stack import open_mailbox, read_variables

    phases = Phases()
    try:
        with phases.phase("read the stack"):
            environment = read_variables(options.stack, options.region, options.profile)
        with phases.phase("build the suite"):
            programs = suite.build(logs / "build.log")
        with open_mailbox(options.stack, options.region, options.profile) as queue_url, phases.phase("run the suite"):
            environment["ORDERS_MAIL_QUEUE_URL"] = queue_url
            result = suite.run(programs.suite, "aws", environment, options.filter, logs / "suite.log")
    finally:
        print(f"\ntime of each phase:\n{phases.table()}\nlogs: {logs}", flush=True)
    return suite.report(result, "AWS")


def _parse_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run-aws.sh",
        description="Runs the integration suite against a stack on AWS. Use a stack for tests only: the tests leave orders and dead letters "
        "in it, and replay all its dead letters. It must be deployed with ApiAuth=NONE or ApiAuth=API_KEY (the key in "
        "ORDERS_API_KEY), and MaxRetrySeconds=60 and DigestThreshold=100. See integration-tests/README.md for the permissions and the cost.",
    )
    parser.add_argument("--stack", required=True, metavar="NAME", help="the CloudFormation stack")
    parser.add_argument("--region", metavar="REGION", help="the region of the stack, instead of the region of your AWS configuration")
    parser.add_argument("--profile", metavar="NAME", help="profile of your AWS configuration")
    parser.add_argument("filter", nargs="*", help="run only tests whose name contains one of these")
    return parser.parse_args(arguments)
