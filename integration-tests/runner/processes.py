"""Processes that end with this one, whatever ends it."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

# Seconds that a group may take to obey SIGTERM.
PATIENCE = 3.0


class Group:
    """A process that leads a group, with its standard input in our hands: when we are gone, it sees the input's end."""

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
        """SIGTERM, and SIGKILL for what of the group has not obeyed in time."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._is_there():
            self.process.poll()
            time.sleep(0.05)
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _is_there(self) -> bool:
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
