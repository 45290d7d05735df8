"""The Runtime API for one bootstrap process.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import threading
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Outcome:
    """The outcome of an invocation."""

    payload: bytes
    is_error: bool = False


@dataclass(frozen=True)
class Invocation:
    """An invocation of the function with an event."""

    request_id: str
    function_arn: str
    payload: bytes
    # Milliseconds since the Unix epoch.
    deadline: int
    trace_id: str = ""
    outcome: "Future[Outcome]" = field(default_factory=Future)


class InitError(Exception):
    """The bootstrap reported that it cannot start, or it ended. `payload` is the error document."""

    def __init__(self, payload: bytes):
        super().__init__(payload.decode(errors="replace"))
        self.payload = payload


class RuntimeApi:
    """A server on the loopback address for one process. After it is closed, later requests of the process have no effect."""

    def __init__(self) -> None:
        # Set by the first request for an event, or by the failure to start.
        self.ready: Future[None] = Future()
        self._waiting: queue.Queue[Invocation | None] = queue.Queue()
        self._running: dict[str, Invocation] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def submit(self, invocation: Invocation) -> None:
        self._waiting.put(invocation)

    def next(self) -> Invocation | None:
        """Waits for the next invocation. Returns None when the API is closed."""
        _resolve(self.ready, None)
        invocation = self._waiting.get()
        if invocation is None:
            # For other requests that wait.
            self._waiting.put(None)
            return None
        self._running[invocation.request_id] = invocation
        return invocation

    def finish(self, request_id: str, outcome: Outcome) -> bool:
        """Ends an invocation. Returns whether it was running: only the first outcome counts."""
        invocation = self._running.pop(request_id, None)
        return invocation is not None and _resolve(invocation.outcome, outcome)

    def init_failed(self, payload: bytes) -> None:
        try:
            self.ready.set_exception(InitError(payload))
        except InvalidStateError:
            # The process was ready before, or had failed before.
            return

    def close(self) -> None:
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def error_document(error_type: str, message: str) -> bytes:
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def _resolve(future: Future, value: object) -> bool:
    try:
        future.set_result(value)
    except InvalidStateError:
        return False
    return True


def _make_handler(api: RuntimeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A response is two small writes. With Nagle's algorithm and delayed acknowledgements they take 40 ms.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            if self.path != f"{VERSION}/invocation/next":
                return self._answer(404)
            invocation = api.next()
            if invocation is None:
                return self._answer(410)
            self._answer(
                200,
                invocation.payload,
                {
                    "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                    "Lambda-Runtime-Deadline-Ms": str(invocation.deadline),
                    "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
                    "Lambda-Runtime-Trace-Id": invocation.trace_id,
                },
            )

        def do_POST(self) -> None:
            body = self._body()
            match self.path.removeprefix(f"{VERSION}/").split("/"):
                case ["init", "error"]:
                    api.init_failed(body)
                    self._answer(202)
                case ["invocation", request_id, "response"]:
                    self._answer(202 if api.finish(request_id, Outcome(body)) else 400)
                case ["invocation", request_id, "error"]:
                    self._answer(202 if api.finish(request_id, Outcome(body, is_error=True)) else 400)
                case _:
                    self._answer(404)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return body

        def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Logs nothing: LocalStack's own log has each invocation."""

    return Handler
