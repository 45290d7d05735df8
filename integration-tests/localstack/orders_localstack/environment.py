"""One execution environment: a bootstrap process, the Runtime API that it calls, and its log."""

import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from .runtime_api import InitError, Invocation, Outcome, RuntimeApi, error_document

# The time between two checks whether the process has ended, in seconds.
POLL_INTERVAL = 0.05


class Environment:
    """Runs one invocation at a time, as Lambda does. After the end of a process, the next invocation starts a new one."""

    def __init__(self, program: Path, variables: Mapping[str, str], timeout: float, log: Path) -> None:
        """`timeout` is the timeout of an invocation in seconds. The output of the process is appended to the file `log`."""
        self._program = program
        self._variables = dict(variables)
        self._timeout = timeout
        self._log = log
        self._api: RuntimeApi | None = None
        self._process: subprocess.Popen[bytes] | None = None
        # Guards the current process and its API.
        self._lock = threading.Lock()
        self._stopped = False

    def start(self) -> tuple[RuntimeApi, subprocess.Popen[bytes]]:
        """Starts the process and waits until it requests an event. Raises `InitError` if it does not."""
        api = RuntimeApi()
        variables = {**self._variables, "AWS_LAMBDA_RUNTIME_API": api.address}
        with self._lock:
            if self._stopped:
                api.close()
                raise InitError(error_document("Runtime.Stopped", "the environment was stopped"))
            with self._log.open("ab") as log:
                # It stays in this process group, and ends with the group.
                process = subprocess.Popen(
                    [self._program],
                    cwd=self._program.parent,
                    env=variables,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            self._api, self._process = api, process
        threading.Thread(target=self._wait_for_exit, args=(api, process), daemon=True).start()
        api.ready.result()
        return api, process

    def invoke(self, request_id: str, function_arn: str, payload: bytes, trace_id: str = "") -> tuple[Outcome, str]:
        """Invokes the function and waits for the outcome. Also returns the output of the process meanwhile."""
        begin = self._read_log_size()
        # Read both under the lock: `stop` may remove them at any time, and then also ends this invocation.
        with self._lock:
            api, process = self._api, self._process
        if api is None or process is None or process.poll() is not None:
            self._discard()
            try:
                api, process = self.start()
            except InitError as error:
                return Outcome(error.payload, is_error=True), self.read_logs(begin)
        deadline = time.time() + self._timeout
        invocation = Invocation(request_id, function_arn, payload, int(deadline * 1000), trace_id)
        api.submit(invocation)
        try:
            outcome = self._wait(invocation, process)
        except TimeoutError:
            self._discard()
            message = f"{request_id} Task timed out after {self._timeout:.2f} seconds"
            outcome = Outcome(error_document("Sandbox.Timedout", message), is_error=True)
        return outcome, self.read_logs(begin)

    def stop(self) -> None:
        """Kills the process. A running invocation ends with an error."""
        with self._lock:
            self._stopped = True
        self._discard()

    def read_logs(self, begin: int = 0) -> str:
        """Reads the output of the processes, from byte `begin`."""
        if not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(begin)
            return log.read().decode(errors="replace")

    @property
    def process_id(self) -> int | None:
        return self._process.pid if self._process else None

    def _wait(self, invocation: Invocation, process: subprocess.Popen[bytes]) -> Outcome:
        deadline = time.monotonic() + self._timeout
        while True:
            # Checked before the outcome: a process that answered and then ended has succeeded.
            has_ended = process.poll() is not None
            left = deadline - time.monotonic()
            try:
                return invocation.outcome.result(timeout=max(0.0, min(left, POLL_INTERVAL)))
            except TimeoutError:
                if has_ended:
                    return _make_exit_outcome(invocation.request_id, process.returncode)
                if left <= 0:
                    raise

    def _wait_for_exit(self, api: RuntimeApi, process: subprocess.Popen[bytes]) -> None:
        api.init_failed(_make_exit_outcome("", process.wait()).payload)

    def _discard(self) -> None:
        """Kills the current process and closes its API."""
        with self._lock:
            process, api = self._process, self._api
            self._process = self._api = None
        if process is not None:
            process.kill()
            process.wait()
        if api is not None:
            api.init_failed(error_document("Runtime.Stopped", "the environment was stopped"))
            api.close()

    def _read_log_size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0


def _make_exit_outcome(request_id: str, status: int) -> Outcome:
    ended = f"signal: {-status}" if status < 0 else f"exit status {status}"
    message = f"RequestId: {request_id} Error: Runtime exited with error: {ended}"
    return Outcome(error_document("Runtime.ExitError", message), is_error=True)
