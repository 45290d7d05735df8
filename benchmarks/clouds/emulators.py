"""The clouds that are compared: how each is installed, and started with the stack of template.yaml."""

import contextlib
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TESTS = ROOT / "integration-tests"
sys.path.insert(0, str(TESTS))
from runner import python_environment  # noqa: E402
from runner.localstack_host import LocalStackOnHost, find_free_port, wait_until_healthy  # noqa: E402
from runner.processes import Group  # noqa: E402

TEMPLATE = ROOT / "template.yaml"
STACK = "orders"
FUNCTIONS = ["order-api", "order-worker", "notifier"]
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}
# An open API, as `orderctl up` has, and an inbox. With the account's role: LocalStack fails on a dependency on a resource whose condition is false.
PARAMETERS = {
    "ApiAuth": "NONE", "NotificationEmail": "you@example.com", "Architecture": ARCHITECTURES[platform.machine()],
    "ApiAccessLogs": "ENABLED_WITH_ACCOUNT_ROLE",
}  # fmt: skip
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "localstack", "AWS_SECRET_ACCESS_KEY": "localstack", "AWS_REGION": "us-east-1"}
LOCAL = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1,localhost"}


@dataclass(frozen=True)
class Cloud:
    """A cloud with the deployed stack: the processes that it started from, the seconds of its start, and how `orderctl load` finds it."""

    process_ids: list
    start: float
    load: list
    environment: dict = field(default_factory=lambda: LOCAL)


@dataclass(frozen=True)
class Programs:
    """`orderctl`, the folder with NAME/bootstrap of each function, and the Python environments of the two emulators."""

    orderctl: Path
    bootstraps: Path
    localstack: Path
    ministack: Path
    ministack_template: Path

    @classmethod
    def install(cls, orderctl, target, folder):
        """Installs the emulators. The functions are in `target`."""
        for name in FUNCTIONS:
            (folder / "bootstraps" / name).mkdir(parents=True)
            (folder / "bootstraps" / name / "bootstrap").symlink_to(target / name)
        log, template = folder / "install.log", folder / "template.yaml"
        localstack = python_environment.install(log)
        ministack = python_environment.install_requirements("ministack", HERE / "requirements.txt", log)
        with template.open("wb") as output:
            subprocess.run([localstack / "bin/python", HERE / "ministack_template.py", TEMPLATE], stdout=output, check=True)
        return cls(orderctl, folder / "bootstraps", localstack, ministack, template)


@contextlib.contextmanager
def orderctl_up(programs, folder, parameters):
    """`orderctl up`, with its state on the disk."""
    data, ready = folder / "data", folder / "ready.json"
    options = ["--no-shop", "--api-port", "0", "--aws-port", "0", "--ready-file", ready]
    options += [f"--parameter={name}={value}" for name, value in parameters.items()]
    began = time.perf_counter()
    group = Group([programs.orderctl, "--data-dir", data, "up", *options], LOCAL, folder / "up.log")
    try:
        deadline = time.monotonic() + 60
        while not (ready.exists() and ready.stat().st_size):
            if group.has_ended() or time.monotonic() > deadline:
                sys.exit(f"orderctl up did not start:\n{(folder / 'up.log').read_text()}")
            time.sleep(0.02)
        yield Cloud([group.process.pid], time.perf_counter() - began, ["--data-dir", data])
    finally:
        group.stop()


@contextlib.contextmanager
def localstack(programs, folder, parameters):
    """LocalStack in host mode, as integration-tests runs it: `orderctl dynamodb` serves its tables."""
    python_environment.install_plugins(programs.localstack, folder / "plugins", folder / "install.log")
    logs = folder / "logs"
    logs.mkdir()
    began = time.perf_counter()
    running = LocalStackOnHost(programs.localstack / "bin/python", folder / "plugins", programs.orderctl, folder / "state", logs)
    try:
        outputs = deploy(programs, running.endpoint_url, TEMPLATE, parameters)
        yield deployed(running.process_ids, began, running.endpoint_url, outputs)
    finally:
        running.stop()


@contextlib.contextmanager
def ministack(programs, folder, parameters):
    """MiniStack, with the template that it can run."""
    port = find_free_port()
    endpoint = f"http://127.0.0.1:{port}"
    environment = LOCAL | {
        "HOME": str(folder), "TMPDIR": str(folder), "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1",
        "AWS_ENDPOINT_URL": endpoint,
    }  # fmt: skip
    log = folder / "ministack.log"
    began = time.perf_counter()
    group = Group([programs.ministack / "bin/ministack"], environment, log)
    try:
        wait_until_healthy(endpoint, group, log)
        outputs = deploy(programs, endpoint, programs.ministack_template, parameters)
        yield deployed([group.process.pid], began, endpoint, outputs)
    finally:
        group.stop()


def deploy(programs, endpoint, template, parameters):
    """Deploys the template as integration-tests does. Returns the stack's outputs."""
    command = [programs.localstack / "bin/python", "-m", "runner.deployment", "--endpoint", endpoint, "--bootstraps", programs.bootstraps,
               "--template", template, "--stack", STACK]  # fmt: skip
    for name, value in (PARAMETERS | parameters).items():
        command += ["--parameter", f"{name}={value}"]
    return json.loads(subprocess.run(command, cwd=TESTS, stdout=subprocess.PIPE, check=True).stdout)


def deployed(process_ids, began, endpoint, outputs):
    arguments = ["--target", "aws", "--stack", STACK, "--yes-on", STACK, "--aws-endpoint-url", endpoint, "--api-url", outputs["ApiUrl"]]
    return Cloud(process_ids, time.perf_counter() - began, arguments, LOCAL | CREDENTIALS)
