"""LocalStack as processes of this machine, with DynamoDB tables that `local-cloud` serves."""

import os
import select
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from .failure import Failure
from .processes import Group

# The services that the template needs.
SERVICES = "apigateway,cloudformation,cloudwatch,dynamodb,iam,kms,lambda,logs,s3,ses,sns,sqs,sts"
# The timeout of a start, in seconds.
START_TIMEOUT = 300.0


class LocalStackOnHost:
    """LocalStack on a free port, with a state folder of its own. Without `orderctl` it serves no tables."""

    def __init__(self, python: Path, plugins: Path, orderctl: Path | None, state: Path, logs: Path) -> None:
        self._groups: list[Group] = []
        self._log = logs / "localstack.log"
        functions = logs / "functions"
        for folder in (state / "tmp", functions):
            folder.mkdir(parents=True)
        self.function_logs = functions
        try:
            tables = self._start_tables(orderctl, logs / "dynamodb.log") if orderctl else None
            # After the tables have started: they use a free port, too, and could take this one.
            port = find_free_port()
            self.endpoint_url = f"http://127.0.0.1:{port}"
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(state),
                "TMPDIR": str(state / "tmp"),
                "PYTHONPATH": str(plugins),
                "NO_PROXY": "127.0.0.1,localhost",
                "LAMBDA_RUNTIME_EXECUTOR": "native",
                "ORDERS_FUNCTION_LOGS": str(functions),
                "GATEWAY_SERVER": "hypercorn",
                "GATEWAY_LISTEN": f"127.0.0.1:{port}",
                "LOCALSTACK_HOST": f"127.0.0.1:{port}",
                # Queue URLs with paths, because the usual host names need a resolver for *.localhost.
                "SQS_ENDPOINT_STRATEGY": "path",
                "SERVICES": SERVICES,
                "FILESYSTEM_ROOT": str(state / "files"),
                "OVERRIDE_IN_DOCKER": "0",
                "DNS_ADDRESS": "0",
                "USE_SSL": "0",
                # No requests to the network.
                "DISABLE_EVENTS": "1",
                "SKIP_SSL_CERT_DOWNLOAD": "1",
            }
            if tables:
                environment |= {"PROVIDER_OVERRIDE_DYNAMODB": "forwarded", "FORWARDED_DYNAMODB_URL": tables}
            localstack = Group([python, "-m", "orders_localstack"], environment, self._log)
            self._groups.append(localstack)
            wait_until_healthy(self.endpoint_url, localstack, self._log)
        except BaseException:
            self.stop()
            raise

    @property
    def process_ids(self) -> list[int]:
        """The processes that were started. Each leads a group."""
        return [group.process.pid for group in self._groups]

    def stop(self) -> None:
        while self._groups:
            self._groups.pop().stop()

    def _start_tables(self, orderctl: Path, log: Path) -> str:
        tables = Group([orderctl, "dynamodb"], {"PATH": os.environ["PATH"]}, log, output=subprocess.PIPE)
        self._groups.append(tables)
        readable, _, _ = select.select([tables.process.stdout], [], [], START_TIMEOUT)
        url = tables.process.stdout.readline().decode().strip() if readable else ""
        if not url:
            raise Failure(f"the DynamoDB tables did not start. See {log}")
        return url


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_healthy(endpoint_url: str, group: Group, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not is_healthy(endpoint_url):
        if group.has_ended() or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise Failure(f"the emulator did not start. {log} ends with:\n{tail}")
        time.sleep(0.2)


def is_healthy(endpoint_url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{endpoint_url}/_localstack/health", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False
