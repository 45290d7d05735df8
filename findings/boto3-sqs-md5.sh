#!/usr/bin/env bash
# SQS sends an MD5 digest of each body that it took or gives, so that the client notices a damaged message. boto3 does not
# look at it, in either direction; the AWS SDK for JavaScript refuses the same two answers.
#
# Caught: whoever thinks the digest is checked because the SDK of another language checks it; and whoever writes an
# emulator and tests it with boto3 only.
# With: boto3 1.44.8, botocore 1.44.8; @aws-sdk/client-sqs 3.1175.0, against a loopback server with wrong digests.
# Seen: boto3 sends and receives without an error; the JavaScript SDK: InvalidChecksumError, Invalid MD5 checksum.
# Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html (MD5OfMessageBody)
set -euo pipefail

# The output when this was recorded.
recorded='boto3 1.44.8 send no error
boto3 1.44.8 receive no error
client-sqs 3.1175.0 send InvalidChecksumError
client-sqs 3.1175.0 receive Invalid MD5 checksum on messages'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  boto3==1.44.8 botocore==1.44.8
npm install --prefix "$work" --silent --no-audit --no-fund --no-package-lock \
  @aws-sdk/client-sqs@3.1175.0

# A clean environment: no proxy, no AWS settings of whoever runs this.
cat >"$work/javascript.js" <<'JAVASCRIPT'
const { SQSClient, SendMessageCommand, ReceiveMessageCommand } = require("@aws-sdk/client-sqs");
const { version } = require("@aws-sdk/client-sqs/package.json");

const endpoint = process.argv[2];
const credentials = { accessKeyId: "x", secretAccessKey: "x" };
const sqs = new SQSClient({ region: "us-east-1", endpoint, credentials });
const QueueUrl = endpoint + "/123456789012/orders";

(async () => {
  for (const [name, command] of [
    ["send", new SendMessageCommand({ QueueUrl, MessageBody: "order" })],
    ["receive", new ReceiveMessageCommand({ QueueUrl })],
  ]) {
    const outcome = await sqs.send(command).then(() => "no error", (error) => error.message.split(":")[0]);
    console.log("client-sqs", version, name, outcome);
  }
  sqs.destroy();
})();
JAVASCRIPT
cat >"$work/python.py" <<'PYTHON'
import http.server
import json
import subprocess
import sys
import threading

import boto3

WRONG = "0" * 32
SENT = {"MessageId": "1", "MD5OfMessageBody": WRONG}
RECEIVED = {"Messages": [{"MessageId": "1", "ReceiptHandle": "r", "Body": "order", "MD5OfBody": WRONG}]}


class WrongDigests(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        sending = self.headers["x-amz-target"].endswith(".SendMessage")
        body = json.dumps(SENT if sending else RECEIVED).encode()
        self.send_response(200)
        self.send_header("content-type", "application/x-amz-json-1.0")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), WrongDigests)
threading.Thread(target=server.serve_forever, daemon=True).start()
endpoint = f"http://127.0.0.1:{server.server_port}"
queue = endpoint + "/123456789012/orders"
sqs = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x", endpoint_url=endpoint)
sqs.send_message(QueueUrl=queue, MessageBody="order")
print("boto3", boto3.__version__, "send no error")
sqs.receive_message(QueueUrl=queue)["Messages"]
print("boto3", boto3.__version__, "receive no error", flush=True)
subprocess.run(["node", "--no-warnings", sys.argv[1], endpoint], check=True)
PYTHON
seen=$(env -i PATH="$PATH" HOME="$work" "$work/venv/bin/python" "$work/python.py" "$work/javascript.js")

echo 'guess: both SDKs refuse both answers'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
