"""LocalStack in a container of a Docker engine."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from .failure import Failure
from .localstack_host import START_TIMEOUT, SERVICES, is_healthy
from .paths import PLUGINS

# The last image that works without an account.
IMAGE = "localstack/localstack:4.14.0"
# The only plugin that LocalStack needs in a container, too.
SUBSCRIBERS = PLUGINS / "orders_localstack/subscribers.py"


def is_running() -> bool:
    """Whether a Docker engine runs. The command alone is not enough."""
    if shutil.which("docker") is None:
        return False
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=20).returncode == 0
    except subprocess.TimeoutExpired:
        return False


class LocalStackInDocker:
    """A container on a free port of the loopback address. The engine removes it when it ends."""

    # Not accessible: they are in the container. LocalStack's log has them, too.
    function_logs: Path | None = None

    def __init__(self, logs: Path) -> None:
        self._name = f"orders-localstack-{os.getpid()}"
        self._log = logs / "localstack.log"
        try:
            # LocalStack uses the engine's socket to start a container for each function.
            _docker("run", "--detach", "--rm", "--name", self._name, "--publish", "127.0.0.1::4566",
                    "--volume", "/var/run/docker.sock:/var/run/docker.sock",
                    "--volume", f"{SUBSCRIBERS}:/etc/localstack/init/ready.d/subscribers.py:ro",
                    "--env", f"SERVICES={SERVICES}", "--env", "DISABLE_EVENTS=1", IMAGE)  # fmt: skip
            port = _docker("port", self._name, "4566/tcp").splitlines()[0].rsplit(":", 1)[1]
            self.endpoint_url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + START_TIMEOUT
            while not is_healthy(self.endpoint_url):
                if time.monotonic() > deadline:
                    raise Failure(f"LocalStack did not start. See {self._log}")
                time.sleep(0.5)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        with self._log.open("wb") as log:
            subprocess.run(["docker", "logs", self._name], stdout=log, stderr=log)
        # When LocalStack is stopped, it stops its functions' containers. Docker kills it after 20 seconds.
        subprocess.run(["docker", "stop", "--time", "20", self._name], capture_output=True)
        subprocess.run(["docker", "rm", "--force", self._name], capture_output=True)


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"docker {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()
