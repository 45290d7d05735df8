#!/usr/bin/env bash
# botocore does not repeat an SQS call for every answer that says throttled. KmsThrottled (a queue under a customer key)
# is repeated in no retry mode. RequestThrottled is repeated in legacy mode, the default before 1.44, with HTTP 403 only:
# that rule is from the days of the query protocol. The JSON protocol, which botocore speaks to SQS now, gives client
# errors 400, unless the model of the service says otherwise, and that of SQS does not.
#
# Caught: whoever leaves throttling to the SDK: the call fails at the first attempt, and a message is not sent.
# With: botocore 1.44.8, boto3 1.44.8, against a loopback server that answers in the JSON protocol; not seen on AWS.
# Seen: attempts per call as below.
# Source: both errors of SendMessage say "throttled", and ask for a lower rate or another try later;
#   https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
#   https://smithy.io/2.0/spec/http-bindings.html#httperror-trait (400 for client errors)
set -euo pipefail

# The output when this was recorded.
recorded='botocore 1.44.8
RequestThrottled 400 legacy 1 standard 3 adaptive 3 unset 3
RequestThrottled 403 legacy 5 standard 3 adaptive 3 unset 3
KmsThrottled 400 legacy 1 standard 1 adaptive 1 unset 1'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  boto3==1.44.8 botocore==1.44.8

# A clean environment: no proxy, no AWS settings of whoever runs this.
seen=$(env -i PATH="$PATH" HOME="$work" \
  "$work/venv/bin/python" - <<'PYTHON'
import http.server
import json
import threading

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError

answer = {}
attempts = 0


class Throttling(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global attempts
        attempts += 1
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps({"__type": "com.amazonaws.sqs#" + answer["code"], "message": "slow down"}).encode()
        self.send_response(answer["status"])
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Throttling)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"
print("botocore", botocore.__version__)
for code, status in [("RequestThrottled", 400), ("RequestThrottled", 403), ("KmsThrottled", 400)]:
    answer = {"code": code, "status": status}
    counts = []
    for mode in ["legacy", "standard", "adaptive", None]:
        config = Config(retries={"mode": mode} if mode else None)
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        sqs = boto3.client("sqs", region_name="us-east-1", endpoint_url=endpoint, config=config, **keys)
        attempts = 0
        try:
            sqs.send_message(QueueUrl=endpoint + "/123456789012/orders", MessageBody="order")
        except ClientError:
            counts.append(f"{mode or 'unset'} {attempts}")
    print(code, status, *counts)
PYTHON
)

echo 'guess: more than one attempt everywhere'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
