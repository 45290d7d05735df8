"""The built functions under AWS's Runtime Interface Emulator. They call local-cloud instead of AWS."""

import json
import os
import platform
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
import samcli

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".ci/tests"))
from deployed_template import source  # noqa: E402

EMULATOR = Path(samcli.__file__).parent / "local/rapid" / f"aws-lambda-rie-{platform.machine()}"
BUILT = Path(os.environ.get("SAM_BUILD_DIR", ROOT / ".aws-sam/build"))
TEMPLATE = source()


def until(what, seconds, condition):
    """Waits for a condition, and returns what it found."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def two_free_ports():
    # Hold both until both are known, because a released port could be assigned again.
    with socket.socket() as one, socket.socket() as other:
        for listener in (one, other):
            listener.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def process(arguments, log, **options):
    """A process in a group of its own, which is ended at the end of the block."""
    with open(log, "wb") as output:
        child = subprocess.Popen(arguments, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **options)
    try:
        yield child
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """A running system: its endpoint, and the outputs of its stack."""
    directory = tmp_path_factory.mktemp("cloud")
    ready = directory / "ready.json"
    arguments = [os.environ["ORDERCTL"], "up", "--data-dir", str(directory / "data"), "--api-port", "0", "--aws-port", "0", "--no-shop"]
    with process([*arguments, "--ready-file", str(ready)], directory / "log") as up:

        def started():
            assert up.poll() is None, (directory / "log").read_text()
            return ready.exists()

        until("orderctl up", 60, started)
        outputs = json.loads((directory / "data/outputs.json").read_text())
        yield {"endpoint": json.loads(ready.read_text())["aws_endpoint_url"], "outputs": outputs}


def default(parameter):
    return str(TEMPLATE["Parameters"][parameter]["Default"])


def holds_by_default(condition):
    """Tells whether a condition of the template holds if all parameters have their defaults."""

    def evaluate(expression):
        if not isinstance(expression, dict):
            return str(expression)
        ((function, argument),) = expression.items()
        match function:
            case "Ref":
                return default(argument)
            case "Condition":
                return holds_by_default(argument)
            case "Fn::Equals":
                return evaluate(argument[0]) == evaluate(argument[1])
            case "Fn::Not":
                return not evaluate(argument[0])
            case "Fn::And":
                return all(map(evaluate, argument))
            case "Fn::Or":
                return any(map(evaluate, argument))
        raise ValueError(f"{function} is not supported here")

    return evaluate(TEMPLATE["Conditions"][condition])


def environment(logical_id, outputs):
    """The environment of a function in the template, with the names of the running system."""

    def resolve(value):
        if not isinstance(value, dict):
            return str(value)
        if "Fn::If" in value:
            condition, when_true, when_false = value["Fn::If"]
            return resolve(when_true if holds_by_default(condition) else when_false)
        name = value["Ref"]
        if name == "AWS::NoValue":
            return None
        if name in TEMPLATE["Parameters"]:
            return default(name)
        (found,) = [outputs[name + suffix] for suffix in ("Url", "Name", "Arn") if name + suffix in outputs][:1]
        return found

    own = TEMPLATE["Resources"][logical_id]["Properties"]["Environment"]["Variables"]
    variables = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"] | own
    resolved = {name: resolve(value) for name, value in variables.items()}
    return {name: value for name, value in resolved.items() if value is not None}


@pytest.fixture(scope="session")
def invoke(cloud, tmp_path_factory):
    """Invokes a function by its logical id, in an emulator that starts at its first invocation."""
    running, logs = {}, tmp_path_factory.mktemp("functions")
    stack = []

    def start(logical_id):
        port, runtime_port = two_free_ports()
        variables = {
            "PATH": os.environ["PATH"],
            "NO_PROXY": "127.0.0.1",
            "AWS_ENDPOINT_URL": cloud["endpoint"],
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "ci",
            "AWS_SECRET_ACCESS_KEY": "ci",
            "AWS_LAMBDA_FUNCTION_NAME": logical_id,
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(TEMPLATE["Resources"][logical_id]["Properties"]["Timeout"]),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        } | environment(logical_id, cloud["outputs"])
        addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}", "--runtime-api-address", f"127.0.0.1:{runtime_port}"]
        child = process([EMULATOR, *addresses, BUILT / logical_id / "bootstrap"], logs / logical_id, env=variables)
        child.__enter__()
        stack.append(child)

        def listening():
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", port)) == 0

        until(f"the emulator of {logical_id}", 60, listening)
        return port

    def call(logical_id, event):
        if logical_id not in running:
            running[logical_id] = start(logical_id)
        request = urllib.request.Request(
            f"http://127.0.0.1:{running[logical_id]}/2015-03-31/functions/function/invocations", json.dumps(event).encode()
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=40) as answer:
                return json.loads(answer.read())
        except (urllib.error.URLError, json.JSONDecodeError) as error:
            raise AssertionError(f"{error}\n{(logs / logical_id).read_text()}") from error

    yield call
    for child in reversed(stack):
        child.__exit__(None, None, None)
