"""LocalStack in a container, where a Docker engine answers."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from .failure import Failure
from .localstack_host import PATIENCE, SERVICES, is_healthy
from .places import PLUGINS

# The last image that needs no account.
IMAGE = "localstack/localstack:4.14.0"
# Of the plugins the only one that a container lacks.
SUBSCRIBERS = PLUGINS / "orders_localstack/subscribers.py"


def answers() -> bool:
    """Whether there is an engine, not only its command."""
    if shutil.which("docker") is None:
        return False
    try:
        return subprocess.run(["docker", "info"], capture_output=True, timeout=20).returncode == 0
    except subprocess.TimeoutExpired:
        return False


class LocalStackInDocker:
    """Started on a free port of loopback; the engine removes the container when it ends."""

    # The container keeps them; LocalStack's log has them too.
    function_logs: Path | None = None

    def __init__(self, logs: Path) -> None:
        self._name = f"orders-localstack-{os.getpid()}"
        self._log = logs / "localstack.log"
        try:
            # It starts a container for each function, by the engine's own socket.
            _docker("run", "--detach", "--rm", "--name", self._name, "--publish", "127.0.0.1::4566",
                    "--volume", "/var/run/docker.sock:/var/run/docker.sock",
                    "--volume", f"{SUBSCRIBERS}:/etc/localstack/init/ready.d/subscribers.py:ro",
                    "--env", f"SERVICES={SERVICES}", "--env", "DISABLE_EVENTS=1", IMAGE)  # fmt: skip
            port = _docker("port", self._name, "4566/tcp").splitlines()[0].rsplit(":", 1)[1]
            self.endpoint_url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + PATIENCE
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
        # LocalStack ends its functions' containers when it is stopped; what does not obey in 20 seconds is killed.
        subprocess.run(["docker", "stop", "--time", "20", self._name], capture_output=True)
        subprocess.run(["docker", "rm", "--force", self._name], capture_output=True)


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    if done.returncode:
        raise Failure(f"docker {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()
