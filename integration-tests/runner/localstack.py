"""Starts LocalStack, deploys the templates, tries the shop, runs the suite, and stops LocalStack."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from . import localstack_docker, python_environment, suite
from .failure import Failure
from .localstack_docker import LocalStackInDocker
from .localstack_host import LocalStackOnHost, is_healthy
from .phases import Phases
from .paths import ROOT, SHOP_TEMPLATE, TEMPLATE, TESTS

STACK = "orders"
# An API without keys, an inbox that is confirmed, retries that end soon, and no digests so that each order
# has an email of its own.
PARAMETERS = {
    "ApiAuth": "NONE",
    "NotificationEmail": "you@example.com",
    "MaxRetrySeconds": "60",
    "DigestThreshold": "100",
    # With the account's role: LocalStack fails on a dependency on a resource whose condition is false.
    "ApiAccessLogs": "ENABLED_WITH_ACCOUNT_ROLE",
}
SHOP_STACK = "shop"
# Without pages: LocalStack's free edition has no CloudFront.
SHOP_PARAMETERS = {"Hosting": "NONE"}
PROGRAMS = ["order-api", "order-worker", "notifier", "catalog-api", "cover-resizer"]
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def main(arguments: list[str]) -> int:
    options = _parse_options(arguments)
    logs = ROOT / "target/localstack" / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    logs.mkdir(parents=True)
    phases = Phases()
    try:
        result = _run(options, logs, phases)
    finally:
        print(f"\ntime of each phase:\n{phases.table()}\nlogs: {logs}", flush=True)
    return suite.report(result, "LocalStack")


def _parse_options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="run-localstack.sh",
        description="Runs the integration suite against LocalStack: in Docker if an engine runs, otherwise as processes of this "
        "machine. Installed packages are kept in ~/.cache/orders-ci.",
    )
    parser.add_argument("--endpoint", metavar="URL", help="use a LocalStack that already runs there and has no stack 'orders'")
    parser.add_argument("--host", action="store_true", help="run LocalStack as processes of this machine, even if a Docker engine runs")
    parser.add_argument("--bootstraps", metavar="DIR", type=Path, help="functions built by `make bootstraps`: DIR/order-api/bootstrap and so on")
    parser.add_argument("filter", nargs="*", help="run only tests whose name contains one of these")
    options = parser.parse_args(arguments)
    if options.bootstraps:
        options.bootstraps = Path(os.environ.get("CALLER_DIRECTORY", ""), options.bootstraps).resolve()
    return options


def _run(options: argparse.Namespace, logs: Path, phases: Phases) -> suite.Result:
    if options.endpoint and not is_healthy(options.endpoint):
        raise Failure(f"no LocalStack answers at {options.endpoint}/_localstack/health")
    in_docker = not options.endpoint and not options.host and localstack_docker.is_running()
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        # At the same time as the builds: installing needs the network, and compiling needs the processor.
        installing = pool.submit(python_environment.install, logs / "install.log")
        bootstraps = options.bootstraps
        if bootstraps is None:
            with phases.phase("build the functions (release)"):
                bootstraps = _build_bootstraps(in_docker, logs / "bootstraps.log")
        with phases.phase("build the suite"):
            programs = suite.build(logs / "build.log")
        with phases.phase("install LocalStack (the rest, after the builds)"):
            environment = installing.result()
        function_logs = None
        endpoint_url = options.endpoint
        if not endpoint_url:
            with phases.phase(f"start LocalStack ({'Docker' if in_docker else 'host mode'})"):
                if in_docker:
                    localstack = LocalStackInDocker(logs)
                else:
                    state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="orders-localstack-", ignore_cleanup_errors=True)))
                    python_environment.install_plugins(environment, state / "plugins", logs / "install.log")
                    localstack = LocalStackOnHost(environment / "bin/python", state / "plugins", programs.orderctl, state, logs)
            stack.callback(_stop, localstack, phases)
            endpoint_url, function_logs = localstack.endpoint_url, localstack.function_logs
        with phases.phase("deploy template.yaml"):
            outputs = _deploy(environment / "bin/python", endpoint_url, bootstraps, TEMPLATE, STACK, PARAMETERS, logs / "deploy.log")
        with phases.phase("deploy shop/template.yaml"):
            shop = _deploy(environment / "bin/python", endpoint_url, bootstraps, SHOP_TEMPLATE, SHOP_STACK, SHOP_PARAMETERS, logs / "deploy.log")
        with phases.phase("try the shop"):
            _try_shop(environment / "bin/python", endpoint_url, shop, logs / "shop.log")
        variables = {
            "ORDERS_STACK": STACK,
            "ORDERS_API_URL": outputs["ApiUrl"],
            "ORDERS_FUNCTION_LOGS": str(function_logs or ""),
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "localstack",
            "AWS_SECRET_ACCESS_KEY": "localstack",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        with phases.phase("run the suite"):
            result = suite.run(programs.suite, "localstack", variables, options.filter, logs / "suite.log")
        with phases.phase("test the stack as the pipeline tests staging"):
            _test_as_staging(programs.orderctl, variables, logs / "staging.log")
        with phases.phase("rehearse the restore of the table"):
            _rehearse_restore(environment / "bin/python", endpoint_url, outputs["ApiUrl"], logs / "restore.log")
        return result


def _stop(localstack: LocalStackOnHost | LocalStackInDocker, phases: Phases) -> None:
    with phases.phase("stop LocalStack"):
        localstack.stop()


def _build_bootstraps(in_docker: bool, log: Path) -> Path:
    """Builds the functions for Linux in the container, or for this machine."""
    if in_docker:
        folder = ROOT / "target/lambda"
        command = ["make", "bootstraps", "shop-bootstraps", f"ARCHITECTURE={_architecture()}", f"LAMBDA_DIR={folder}"]
    else:
        folder = ROOT / "target/localstack/bootstraps"
        command = ["cargo", "build", "--release", *(part for program in PROGRAMS for part in ("--package", program))]
    with log.open("ab") as output:
        if subprocess.run(command, cwd=ROOT, stdout=output, stderr=output).returncode:
            raise Failure(f"the functions do not build. See {log}")
    if not in_docker:
        for program in PROGRAMS:
            (folder / program).mkdir(parents=True, exist_ok=True)
            shutil.copy(_read_target_directory() / "release" / program, folder / program / "bootstrap")
    return folder


def _read_target_directory() -> Path:
    command = ["cargo", "metadata", "--format-version", "1", "--no-deps"]
    return Path(json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)["target_directory"])


def _deploy(
    python: Path, endpoint_url: str, bootstraps: Path, template: Path, stack: str, parameters: dict[str, str], log: Path
) -> dict[str, str]:
    command = [python, "-m", "runner.deployment", "--endpoint", endpoint_url, "--bootstraps", bootstraps,
               "--template", template, "--stack", stack]  # fmt: skip
    for name, value in {**parameters, "Architecture": _architecture()}.items():
        command += ["--parameter", f"{name}={value}"]
    with log.open("ab") as output:
        done = subprocess.run(command, cwd=TESTS, stdout=subprocess.PIPE, stderr=output, text=True)
    if done.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
        raise Failure(f"the stack {stack} was not deployed. {log} ends with:\n{tail}")
    return json.loads(done.stdout)


def _try_shop(python: Path, endpoint_url: str, outputs: dict[str, str], log: Path) -> None:
    command = [python, "-m", "runner.shop", "--endpoint", endpoint_url, "--catalog", outputs["CatalogUrl"],
               "--covers", outputs["CoversBucketName"], "--failed", outputs["CoversFailedQueueUrl"]]  # fmt: skip
    _run_and_print(command, "the shop does not work", log)


def _test_as_staging(orderctl: Path, variables: dict[str, str], log: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "AWS_PROFILE"} | variables | {"ORDERCTL": str(orderctl)}
    _run_and_print([ROOT / "deploy/test-staging", STACK], "the test of staging failed", log, environment)


def _rehearse_restore(python: Path, endpoint_url: str, api: str, log: Path) -> None:
    command = [python, "-m", "runner.restore", "--endpoint", endpoint_url, "--stack", STACK, "--api", api]
    _run_and_print(command, "the restore of the table failed", log)


def _run_and_print(command: list[str | Path], problem: str, log: Path, environment: dict[str, str] | None = None) -> None:
    with log.open("ab") as output:
        failed = subprocess.run(command, cwd=TESTS, env=environment, stdout=output, stderr=output).returncode
    lines = log.read_text(errors="replace").splitlines()
    if failed:
        raise Failure(f"{problem}. {log} ends with:\n" + "\n".join(lines[-20:]))
    print("\n".join(lines), flush=True)


def _architecture() -> str:
    return ARCHITECTURES[platform.machine()]
