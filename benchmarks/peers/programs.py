"""The programs that are compared: how each is installed, started, and measured."""

import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from figures import SDK_FLOOR, Turn
from runtime_api import Host, Recorder
from work import Batches, Requests, is_list

HERE = Path(__file__).resolve().parent
# The programs that Cargo builds, by their work, beside `SDK_FLOOR`. The first is ours.
RUST = {Batches: ["order-worker", "naive-worker", "echo-function"], Requests: ["order-api", "naive-api"]}
# The floor gives its requests the ids of so many invocations. A process gets no more.
RESERVED = 16_384
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "peers", "AWS_SECRET_ACCESS_KEY": "peers", "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_LAMBDA_FUNCTION_NAME": "peer", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_LOG_GROUP_NAME": "peer", "AWS_LAMBDA_LOG_STREAM_NAME": "peer", "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
    "ORDERS_TABLE": "orders", "CUSTOMER_INDEX": "by_customer_keys", "CLAIMS_TABLE": "order-claims", "CLAIM_RETENTION_DAYS": "30", "MAX_RETRY_SECONDS": "86400",
    "ORDER_EVENTS_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:order-events", "POWERTOOLS_SERVICE_NAME": "peer", "MESSAGE_GROUPS": "CUSTOMER",
    "ORDER_EMAILS_TOPIC_ARN": "arn:aws:sns:us-east-1:000000000000:order-emails", "EMAILS_WANTED": "true", "MAX_EMAILS_PER_SECOND": "8",
    "NOTIFIER_CONCURRENCY": "1", "NOTIFIER_RETRY_CONCURRENCY": "1", "DIGEST_THRESHOLD": "10",
    "POWERTOOLS_TRACE_DISABLED": "true", "POWERTOOLS_DEV": "false", "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
}  # fmt: skip

# The queues by the variables of their URLs. The retry queue of notifier is another one, and nothing is sent there.
QUEUES = {
    "ORDERS_QUEUE_URL": "orders", "ORDERS_DLQ_URL": "orders-dlq", "RETRY_QUEUE_URL": "orders-retry", "NOTIFICATIONS_QUEUE_URL": "notifications",
    "NOTIFICATIONS_DLQ_URL": "notifications-dlq",
}  # fmt: skip


@dataclass(frozen=True)
class Program:
    """A program: its command, and the files of its deployment package, if it has one."""

    command: list
    package: list


def install(folder, target, work):
    """Installs the packages of the peers, and builds the floor. Returns the programs for the work by name; those in Rust are in `target`."""
    subprocess.run([sys.executable, "-m", "venv", folder / "python"], check=True)
    python, packages = folder / "python/bin/python", folder / "packages"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", packages, "--requirement", HERE / "requirements.txt"]
    subprocess.run(pip, check=True)
    for file in [*HERE.glob("*.mjs"), *HERE.glob("package*.json")]:
        shutil.copy(file, folder)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    subprocess.run(["rustc", "-O", "--edition", "2024", "-o", folder / "floor", HERE / "floor.rs"], check=True)

    def python_program(name):
        paths = f"import sys; sys.path[:0] = [{str(packages)!r}, {str(HERE / f'python_{name}')!r}]"
        start = f"{paths}; exec(open({str(HERE / 'runtime.py')!r}).read())"
        return Program([python, "-c", start], [packages, HERE / f"python_{name}/worker.py"])

    def node_program(name):
        return Program(["node", folder / "runtime.mjs", folder / f"node_{name}.mjs"], [folder / "node_modules", folder / f"node_{name}.mjs"])

    ours, *others = RUST[type(work)]
    rust = {name: Program([target / name], [target / name]) for name in [ours, *others]}
    floors = {name: Program([program, folder / "floor-input"], []) for name, program in [(SDK_FLOOR, target / SDK_FLOOR), ("floor", folder / "floor")]}
    programs = {ours: rust[ours]}
    # The folder of the peer's code by the style that the tables name.
    for style, code in work.styles.items():
        programs |= {f"Python {style}": python_program(code), f"Node.js {style}": node_program(code)}
    return programs | {name: rust[name] for name in others} | floors


class Process:
    """A program behind the Runtime API."""

    def __init__(self, command, endpoint, work, variables=None):
        self.host, self.work = Host(work.is_success), work
        environment = ENVIRONMENT | {
            # `RUN` is for the floor.
            "AWS_LAMBDA_RUNTIME_API": self.host.address, "AWS_ENDPOINT_URL": f"http://{endpoint}", "RUN": work.reserve(RESERVED),
        } | (variables or {})  # fmt: skip
        for name, queue in QUEUES.items():
            environment[name] = f"http://{endpoint}/000000000000/{queue}"
        began = time.perf_counter()
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen([str(part) for part in command], env=environment, **pipes)
        asked = self.host.first_request()
        if asked is None:
            self.process.kill()
            sys.exit(f"{command} asked for no event:\n{self.process.stderr.read()[-2000:].decode()}")
        self.start, self.start_processor = asked - began, self.processor_time()

    def invoke(self, size):
        return self.host.invoke(self.work.event(size))

    def processor_time(self):
        """The seconds that its threads have run, without those that have ended."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9

    def peak_memory(self):
        """In MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.host.close()


def measure(command, endpoint, work, orders, warm_up):
    """One process, from its start: so many orders of each batch size, after so many to get warm."""
    process = Process(command, endpoint, work)
    try:
        processor, wall = {}, {}
        for size in work.sizes:
            for _ in range(warm_up // size):
                process.invoke(size)
            process.host.wait_until_asked()
            before = process.processor_time()
            walls = [process.invoke(size) for _ in range(orders // size)]
            process.host.wait_until_asked()
            processor[size] = (process.processor_time() - before) * 1000 / (len(walls) * size)
            wall[size] = statistics.median(walls) * 1000
        return Turn(processor, wall, process.peak_memory(), process.start * 1000, process.start_processor * 1000)
    finally:
        process.stop()


def order_after(command, endpoint, work, events, variables):
    """Starts a process, lets it answer these events, and then an order: the time and the processor time of its start, and of that order, in ms."""
    process = Process(command, endpoint, work, variables)
    try:
        process.host.is_success = lambda answer: is_list(answer) or work.is_success(answer)
        for event in events:
            process.host.invoke(event)
        process.host.is_success = work.is_success
        process.host.wait_until_asked()
        before = process.processor_time()
        wall = process.invoke(1)
        process.host.wait_until_asked()
        start = (process.start * 1000, process.start_processor * 1000)
        return start, (wall * 1000, (process.processor_time() - before) * 1000)
    finally:
        process.stop()


def record(command, endpoint, work):
    """The requests for a batch of each size. Fails if a call fails."""
    requests = {}
    for size in work.sizes:
        recorder = Recorder(endpoint)
        process = Process(command, recorder.endpoint, work)
        try:
            process.invoke(size)
        finally:
            process.stop()
            recorder.close()
        if recorder.errors:
            sys.exit(f"{command}: a call failed: {recorder.errors[0]}")
        requests[size] = recorder.requests
    return requests
