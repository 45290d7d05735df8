#!/usr/bin/env bash
# The CloudEvents SDK for JavaScript decodes data_base64 into a Uint32Array: one 32-bit element for each byte. Printed or
# indexed it looks like the bytes; written to a file or hashed it is four times as long, with three zero bytes after each.
# An event that came in structured mode cannot be sent on in binary mode.
#
# Caught: whoever receives an image or another binary document in an event and stores event.data. Decode event.data_base64.
# With: cloudevents 10.0.0 (npm), the first four bytes of a PNG.
# Seen: Uint32Array, file of 16 bytes, TypeError when sent on in binary mode.
# Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md (3.1.2)
set -euo pipefail

# The output when this was recorded.
recorded='cloudevents 10.0.0
type Uint32Array elements 4
file 89000000500000004e00000047000000
binary mode: TypeError ERR_INVALID_ARG_TYPE'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm install --prefix "$work" --silent --no-audit --no-fund --no-package-lock \
  cloudevents@10.0.0

# A clean environment: no proxy, no AWS settings of whoever runs this.
cat > "$work/probe.js" <<'JAVASCRIPT'
const fs = require("node:fs");
const { CloudEvent, HTTP, emitterFor, httpTransport } = require("cloudevents");

console.log("cloudevents", require(process.env.HOME + "/node_modules/cloudevents/package.json").version);
const sent = {
  specversion: "1.0", id: "1", source: "/shop", type: "label",
  datacontenttype: "image/png", data_base64: Buffer.from([0x89, 0x50, 0x4e, 0x47]).toString("base64"),
};
const headers = { "content-type": "application/cloudevents+json" };
const event = HTTP.toEvent({ headers, body: JSON.stringify(sent) });
const file = process.env.HOME + "/label.png";
fs.writeFileSync(file, event.data);
console.log("type", event.data.constructor.name, "elements", event.data.length);
console.log("file", fs.readFileSync(file).toString("hex"));
// Nobody listens: the call fails before anything is sent.
emitterFor(httpTransport("http://127.0.0.1:9"))(event).then(
  () => console.log("binary mode: sent"),
  (error) => console.log("binary mode:", error.name, error.code),
).finally(() => process.exit(0));
JAVASCRIPT
seen=$(env -i PATH="$PATH" HOME="$work" node --no-warnings "$work/probe.js")

echo 'guess: a Buffer or Uint8Array, file 89504e47, and no TypeError'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
