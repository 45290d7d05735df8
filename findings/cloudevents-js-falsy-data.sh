#!/usr/bin/env bash
# The CloudEvents SDK for JavaScript loses data that is 0, false or an empty string when it reads a structured event: the
# event it returns has no data, and has none when it is sent on. It writes the same events correctly, and reads them in
# binary mode.
#
# Caught: whoever receives a flag, a count or a stock level as the data of an event, from a queue say: it is missing
# exactly when the value is 0.
# With: cloudevents 10.0.0 (npm).
# Seen: data of the event that was read, in structured and in binary mode, as below.
# Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md (3.1.1: data may be any valid
#   JSON; 3.1.2: it is taken as the JSON value that it is)
set -euo pipefail

# The output when this was recorded.
recorded='cloudevents 10.0.0
sent 1 read 1
sent 0 read undefined
sent false read undefined
sent "" read undefined
sent {"left":0} read {"left":0}'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm install --prefix "$work" --silent --no-audit --no-fund --no-package-lock \
  cloudevents@10.0.0

# A clean environment: no proxy, no AWS settings of whoever runs this.
cat > "$work/probe.js" <<'JAVASCRIPT'
const { CloudEvent, HTTP } = require("cloudevents");

console.log("cloudevents", require(process.env.HOME + "/node_modules/cloudevents/package.json").version);
for (const data of [1, 0, false, "", { left: 0 }]) {
  const event = new CloudEvent({ type: "stock", source: "/shop", datacontenttype: "application/json", data });
  const { headers, body } = HTTP.structured(event);
  const structured = HTTP.toEvent({ headers, body }).data;
  console.log("sent", JSON.stringify(JSON.parse(body).data), "read", JSON.stringify(structured));
}
JAVASCRIPT
seen=$(env -i PATH="$PATH" HOME="$work" node --no-warnings "$work/probe.js")

echo 'guess: what is read is what was sent'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
