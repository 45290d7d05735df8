#!/usr/bin/env bash
# In HTTP binary mode the CloudEvents SDK for Python sends JSON data as Python text, if it is a string or a truth value:
# "12.50" without its quotes, True with a capital. The content type says application/json; the receiver reads a number, or
# no JSON. Structured mode and the older API in cloudevents.v1 are right.
#
# Caught: whoever sends an amount, a postcode or an id as a bare JSON string: 12.50 becomes 12.5, and 00420 fails.
# With: cloudevents 2.2.0 (PyPI).
# Seen: body and what the same SDK reads from it, as below.
# Source: the last example of section 3.2, a JSON string in binary mode, keeps its quotes;
#   https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
set -euo pipefail

# The output when this was recorded.
recorded='cloudevents 2.2.0
"12.50" body 12.50 read as float 12.5
"00420" body 00420 read as str "00420"
true body True read as str "True"
{"paid": true} body {"paid": true} read as dict {"paid": true}'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  cloudevents==2.2.0

# A clean environment: no proxy, no AWS settings of whoever runs this.
seen=$(env -i PATH="$PATH" HOME="$work" \
  "$work/venv/bin/python" - <<'PYTHON'
import json
from importlib.metadata import version

from cloudevents.core.bindings.http import from_binary, to_binary
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

FORMAT = JSONFormat()
print("cloudevents", version("cloudevents"))
for data in ["12.50", "00420", True, {"paid": True}]:
    attributes = {"type": "order", "source": "/shop", "datacontenttype": "application/json"}
    message = to_binary(CloudEvent(attributes, data), FORMAT)
    received = from_binary(message, FORMAT).get_data()
    print(json.dumps(data), "body", message.body.decode(), "read as", type(received).__name__, json.dumps(received))
PYTHON
)

echo 'guess: each body is JSON (quotes, lower-case true), and is read as what was sent'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
