#!/usr/bin/env bash
# unmarshall of the AWS SDK for JavaScript decides by the value what a DynamoDB number becomes: a number, a BigInt, or an
# error. It guards large integers, and rounds decimals of the same length in silence: a total of 99999999999999.99 is a
# cent less after a read.
#
# Caught: whoever reads amounts, or counters that grow: JSON.stringify fails on the first BigInt, and on no smaller value.
# Set wrapNumbers.
# With: @aws-sdk/util-dynamodb 3.996.9.
# Seen: 99999999999999.98; a bigint beyond 2^53; an error for a decimal beyond 2^53.
# Source: DynamoDB keeps 38 digits;
#   https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
set -euo pipefail

# The output when this was recorded.
recorded='util-dynamodb 3.996.9
12.50 -> number 12.5
99999999999999.99 -> number 99999999999999.98
9007199254740991 -> number 9007199254740991
9007199254740993 -> bigint 9007199254740993
9007199254740993.5 -> Error'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

npm install --prefix "$work" --silent --no-audit --no-fund --no-package-lock \
  @aws-sdk/util-dynamodb@3.996.9

# A clean environment: no proxy, no AWS settings of whoever runs this.
cat > "$work/probe.js" <<'JAVASCRIPT'
const { unmarshall } = require("@aws-sdk/util-dynamodb");
const { version } = require("@aws-sdk/util-dynamodb/package.json");

console.log("util-dynamodb", version);
for (const N of ["12.50", "99999999999999.99", "9007199254740991", "9007199254740993", "9007199254740993.5"]) {
  try {
    const { total } = unmarshall({ total: { N } });
    console.log(N, "->", typeof total, String(total));
  } catch (error) {
    console.log(N, "->", error.name);
  }
}
JAVASCRIPT
seen=$(env -i PATH="$PATH" HOME="$work" node --no-warnings "$work/probe.js")

echo 'guess: one type for all, and no digit lost without an error'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
