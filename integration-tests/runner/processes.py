"""Processes that end when this process ends, whatever the cause."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

# The seconds from SIGTERM to SIGKILL.
STOP_TIMEOUT = 3.0


class Group:
    """A process that leads a process group. This process holds its standard input, which ends when this process ends."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str], log: Path, output: int | None = None):
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.PIPE,
                stdout=file if output is None else output,
                stderr=file,
                start_new_session=True,
            )

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def stop(self) -> None:
        """Sends SIGTERM to the group, and SIGKILL to those that have not ended in time."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT
        while time.monotonic() < deadline and self._is_running():
            self.process.poll()
            time.sleep(0.05)
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _is_running(self) -> bool:
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass
