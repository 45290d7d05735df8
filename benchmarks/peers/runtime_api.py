"""The Runtime API of Lambda for one process at a time, and a proxy that sees the calls of a process."""

import http.client
import http.server
import json
import queue
import sys
import threading
import time

TIMEOUT = 60


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A process that is killed resets its connections. Everything else shows as an answer that does not come."""


def serve(handler):
    server = Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Head and body leave in one write.
    wbufsize = -1

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in (headers | {"Content-Length": len(body)}).items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers["Content-Length"]))

    def log_message(self, *_):
        pass


class Host:
    """The Runtime API for one process."""

    def __init__(self, is_success):
        """`is_success` decides about each answer of the process."""
        self.is_success = is_success
        self.events, self.answers, self.asked = queue.Queue(), queue.Queue(), queue.Queue()
        host = self

        class RuntimeApi(Handler):
            def do_GET(self):
                host.asked.put(time.perf_counter())
                event = host.events.get()
                headers = {
                    "Content-Type": "application/json", "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                    "Lambda-Runtime-Deadline-Ms": int((time.time() + 30) * 1000),
                    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:peer",
                }  # fmt: skip
                self.answer(200, headers, event)

            def do_POST(self):
                host.answers.put((time.perf_counter(), self.path, self.body()))
                self.answer(202, {}, b"{}")

        self.server = serve(RuntimeApi)
        self.address = f"127.0.0.1:{self.server.server_port}"

    def first_request(self):
        """The moment at which the process asked for its first event, or None if it does not."""
        try:
            return self.wait_until_asked()
        except queue.Empty:
            return None

    def wait_until_asked(self):
        """Waits until the process asks for an event: it has done all work of the one before."""
        asked = self.asked.get(timeout=TIMEOUT)
        self.asked.put(asked)
        return asked

    def invoke(self, event):
        """The seconds until the answer."""
        self.asked.get(timeout=TIMEOUT)
        began = time.perf_counter()
        self.events.put(event)
        ended, path, body = self.answers.get(timeout=TIMEOUT)
        if not path.endswith("/response") or not self.is_success(json.loads(body)):
            sys.exit(f"an invocation failed: {path} {body[:500]}")
        return ended - began

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Recorder:
    """A proxy in front of the AWS endpoint. It keeps each request, as bytes, and each answer that reports an error."""

    def __init__(self, endpoint):
        self.requests, self.errors = [], []
        recorder = self

        class Proxy(Handler):
            def do_POST(self):
                body = self.body()
                head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
                recorder.requests.append(f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body)
                connection = http.client.HTTPConnection(endpoint)
                connection.request("POST", self.path, body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                # A batch call answers with 200 although one of its parts has failed.
                if answer.status != 200 or b'"Error"' in content or b"<Failed><member>" in content:
                    recorder.errors.append(f"{answer.status} {content[:500]}")
                skipped = {"transfer-encoding", "connection", "content-length"}
                headers = {name: value for name, value in answer.getheaders() if name.lower() not in skipped}
                self.answer(answer.status, headers, content)

        self.server = serve(Proxy)
        self.endpoint = f"127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
