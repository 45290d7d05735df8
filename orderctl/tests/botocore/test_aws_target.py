"""`orderctl --target aws`, judged by botocore: are its requests signed as AWS wants them, and does it find what a stack names?"""

import json
import os
import subprocess
import threading
from collections import namedtuple
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ORDERCTL = os.environ["ORDERCTL"]
ORDER = Path(__file__).resolve().parents[3] / "events" / "order.json"
REGION = "eu-west-1"
CREDENTIALS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a/session+token==")
ACCEPTED = {"order_id": "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b", "status": "accepted", "total": "64.60", "currency": "EUR"}

Request = namedtuple("Request", "method path headers body")


class Gateway(ThreadingHTTPServer):
    """Stands for API Gateway at /dev, and for the other services of AWS at the root."""

    def __init__(self, api_auth):
        super().__init__(("127.0.0.1", 0), Handler)
        self.api_auth, self.requests, self.order = api_auth, [], {}
        # Answers of the services whose operations are named in the header X-Amz-Target.
        self.answers = {}
        self.url = f"http://127.0.0.1:{self.server_port}"

    def stack(self):
        member = "<member><{0}Key>{1}</{0}Key><{0}Value>{2}</{0}Value></member>".format
        return (
            '<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks>'
            "<member><StackName>shop</StackName><CreationTime>2026-11-23T09:35:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>"
            f"<Parameters>{member('Parameter', 'ApiAuth', self.api_auth)}</Parameters>"
            f"<Outputs>{member('Output', 'ApiUrl', self.url + '/dev')}</Outputs>"
            "</member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
        )


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.requests.append(Request(self.command, self.path, dict(self.headers), body))
        target = self.headers.get("x-amz-target", "")
        if target:
            self.answer(200, "application/x-amz-json-1.1", json.dumps(self.server.answers.get(target, {})).encode())
        elif self.command == "GET":
            self.answer(200, "application/json", json.dumps(self.server.order).encode())
        elif self.path == "/":
            assert parse_qs(body.decode())["Action"] == ["DescribeStacks"]
            self.answer(200, "text/xml", self.server.stack().encode())
        else:
            self.answer(202, "application/json", json.dumps(ACCEPTED).encode())

    do_GET = do_POST

    def answer(self, status, media_type, body):
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def gateway(request):
    server = Gateway(request.param)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def orderctl(*arguments, **environment):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ORDERS_"))}
    keys = {
        "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
        "AWS_SESSION_TOKEN": CREDENTIALS.token,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    command = [ORDERCTL, "--target", "aws", "--region", REGION, *arguments]
    return subprocess.run(command, env=inherited | keys | environment, capture_output=True, text=True, timeout=60, check=False)


def expected_signature(request, host, service):
    """The signature that botocore makes of the request's own content."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    fields = dict(part.split("=", 1) for part in headers["authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(", "))
    ours = AWSRequest(method=request.method, url=f"http://{host}{request.path}", data=request.body)
    for name in fields["SignedHeaders"].split(";"):
        ours.headers[name] = headers[name]
    ours.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(CREDENTIALS, service, REGION)
    canonical = signer.canonical_request(ours)
    assert fields["Credential"] == signer.scope(ours)
    return signer.signature(signer.string_to_sign(ours, canonical), ours), fields


@pytest.mark.parametrize("gateway", ["AWS_IAM"], indirect=True)
def test_requests_are_signed_as_botocore_signs_them(gateway):
    done = orderctl("--api-url", f"{gateway.url}/dev", "place", str(ORDER), "--idempotency-key", "a key with \"quotes\"")
    assert done.returncode == 2, "a key holds no blanks"
    done = orderctl("--api-url", f"{gateway.url}/dev", "place", str(ORDER), "--idempotency-key", "k-1")
    assert done.returncode == 0, done.stderr
    (request,) = gateway.requests
    assert (request.method, request.path, request.body) == ("POST", "/dev/orders", ORDER.read_bytes())
    signature, fields = expected_signature(request, gateway.url.removeprefix("http://"), "execute-api")
    assert fields["Signature"] == signature
    assert {"host", "x-amz-date", "x-amz-security-token"} <= set(fields["SignedHeaders"].split(";"))
    sent = datetime.strptime({k.lower(): v for k, v in request.headers.items()}["x-amz-date"], "%Y%m%dT%H%M%SZ")
    assert abs((datetime.now(timezone.utc) - sent.replace(tzinfo=timezone.utc)).total_seconds()) < 300

    changed = request._replace(body=request.body + b" ")
    assert expected_signature(changed, gateway.url.removeprefix("http://"), "execute-api")[0] != fields["Signature"]


@pytest.mark.parametrize("gateway", ["AWS_IAM"], indirect=True)
def test_the_stack_says_where_the_api_is_and_that_it_wants_signatures(gateway):
    done = orderctl("--stack", "shop", "place", str(ORDER), AWS_ENDPOINT_URL=gateway.url)
    assert done.returncode == 0, done.stderr
    described, placed = gateway.requests
    assert parse_qs(described.body.decode())["StackName"] == ["shop"]
    for request, service in [(described, "cloudformation"), (placed, "execute-api")]:
        signature, fields = expected_signature(request, gateway.url.removeprefix("http://"), service)
        assert fields["Signature"] == signature


@pytest.mark.parametrize("gateway", ["API_KEY"], indirect=True)
def test_an_api_with_keys_gets_the_key_or_a_word_on_how_to_give_one(gateway):
    refused = orderctl("--stack", "shop", "place", str(ORDER), AWS_ENDPOINT_URL=gateway.url)
    assert refused.returncode == 1 and "--api-key or ORDERS_API_KEY" in refused.stderr
    gateway.requests.clear()
    done = orderctl("--stack", "shop", "place", str(ORDER), AWS_ENDPOINT_URL=gateway.url, ORDERS_API_KEY="secret")
    assert done.returncode == 0, done.stderr
    headers = {name.lower(): value for name, value in gateway.requests[-1].headers.items()}
    assert headers["x-api-key"] == "secret" and "authorization" not in headers


@pytest.mark.parametrize("gateway", ["NONE"], indirect=True)
def test_an_open_api_gets_neither(gateway):
    done = orderctl("--stack", "shop", "place", str(ORDER), AWS_ENDPOINT_URL=gateway.url)
    assert done.returncode == 0, done.stderr
    headers = {name.lower() for name in gateway.requests[-1].headers}
    assert not headers & {"x-api-key", "authorization"}


@pytest.mark.parametrize("gateway", ["AWS_IAM"], indirect=True)
def test_a_trace_asks_logs_insights_and_shows_the_lines(gateway):
    order_id = ACCEPTED["order_id"]
    times = {"accepted_at": "2026-11-23T09:35:00.000Z", "confirmed_at": "2026-11-23T09:35:01.000Z", "notified_at": "2026-11-23T09:35:02.000Z"}
    gateway.order = ACCEPTED | times | {"status": "notified"}
    line = {"timestamp": "2026-11-23T09:35:00.500000Z", "message": "record failed: m", "error_code": "timeout", "order_id": order_id}
    cells = {"@message": json.dumps(line), "@log": "123456789012:/aws/lambda/shop-order-worker", "@ptr": "p"}
    gateway.answers = {
        "Logs_20140328.StartQuery": {"queryId": "q-1"},
        "Logs_20140328.GetQueryResults": {"status": "Complete", "results": [[{"field": k, "value": v} for k, v in cells.items()]]},
    }
    queue = f"{gateway.url}/123456789012/shop-"
    queues = ("orders-dlq", "notifications-dlq", "emails-delivery-dlq")
    options = {"orders-queue": "orders", "notifications-queue": "notifications"} | {name: name for name in queues}
    urls = [part for option, name in options.items() for part in (f"--{option}-url", queue + name)]
    done = orderctl("--api-url", f"{gateway.url}/dev", *urls, "trace", order_id, "--json", AWS_ENDPOINT_URL=gateway.url)
    assert done.returncode == 0, done.stderr
    trace = json.loads(done.stdout)
    assert trace["unread"] == [] and trace["stage"] == "notified"
    assert [step["source"] for step in trace["steps"]] == ["row", "order-worker", "row", "row"]
    assert trace["steps"][1]["event"] == "record failed: m, timeout"
    logs = [r for r in gateway.requests if {k.lower(): v for k, v in r.headers.items()}.get("x-amz-target", "").startswith("Logs_")]
    started = json.loads(logs[0].body)
    assert started["logGroupNames"] == [f"/aws/lambda/shop-{name}" for name in ("order-api", "order-worker", "notifier")]
    assert f'like "{order_id}"' in started["queryString"]
    accepted = datetime.fromisoformat(times["accepted_at"]).timestamp()
    assert started["startTime"] < accepted < started["endTime"]
    for request in logs:
        signature, fields = expected_signature(request, gateway.url.removeprefix("http://"), "logs")
        assert fields["Signature"] == signature
