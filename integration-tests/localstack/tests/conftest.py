"""Bootstraps with a few lines of code, and environments that are stopped at the end of their test."""

import sys
import textwrap

import pytest

from orders_localstack.environment import Environment

# The part of a bootstrap that calls the Runtime API. The test defines `behave(event, headers)`.
PRELUDE = f"""#!{sys.executable}
import json, os, sys, time, urllib.request
API = f"http://{{os.environ['AWS_LAMBDA_RUNTIME_API']}}/2018-06-01/runtime"
def post(path, document):
    urllib.request.urlopen(urllib.request.Request(f"{{API}}/{{path}}", json.dumps(document).encode()))
def serve(behave):
    while True:
        with urllib.request.urlopen(f"{{API}}/invocation/next") as answer:
            headers, event = answer.headers, json.load(answer)
        request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        post(f"invocation/{{request_id}}/response", behave(event, headers))
"""


@pytest.fixture
def environment(tmp_path):
    """Makes an environment from the source of a bootstrap."""
    made = []

    def make(source, variables=None, timeout=60.0):
        program = tmp_path / f"code-{len(made)}" / "bootstrap"
        program.parent.mkdir()
        program.write_text(PRELUDE + textwrap.dedent(source))
        program.chmod(0o755)
        made.append(Environment(program, variables or {}, timeout, tmp_path / f"{len(made)}.log"))
        return made[-1]

    yield make
    for each in made:
        each.stop()
