#!/usr/bin/env bash
# Three libraries that know "the" digits of a currency disagree, and two of them meet in one package: py-moneyed counts
# 12.750 Iraqi dinars as 12750 units, as ISO 4217 has it, and prints them as 13, since Babel formats with the digits that
# CLDR recommends for display. dinero.js takes the ariary for a fifth (one iraimbilanja), ISO 4217 for a hundredth.
#
# Caught: whoever scales a price to minor units with one library and back with another, or takes the digits of a formatter
# (Babel, Intl.NumberFormat, ICU) for those of ISO 4217: an amount off by 100, or cents that are not in the email.
# With: py-moneyed 3.0, Babel 2.19.0 (PyPI), dinero.js 2.0.2 (npm).
# Seen: as below; the Bahraini dinar is the control, on which all agree.
# Source: ISO 4217 list one: IQD 3, HUF 2, MGA 2;
#   https://www.six-group.com/dam/download/financial-information/data-center/iso-currrency/lists/list-one.xml
#   CLDR: https://unicode.org/reports/tr35/tr35-numbers.html#Supplemental_Currency_Data
set -euo pipefail

# The output when this was recorded.
recorded='py-moneyed 3.0 babel 2.19.0
12.750 BHD units 12750 text BHD 12.750 babel digits 3
12.750 IQD units 12750 text IQD 13 babel digits 0
12.75 HUF units 1275 text HUF 13 babel digits 0
12.75 MGA units 1275 text MGA 13 babel digits 0
dinero.js 2.0.2
BHD one unit is 1 / 1000
IQD one unit is 1 / 1000
HUF one unit is 1 / 100
MGA one unit is 1 / 5'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
  py-moneyed==3.0 babel==2.19.0
npm install --prefix "$work" --silent --no-audit --no-fund --no-package-lock \
  dinero.js@2.0.2

# A clean environment: no proxy, no AWS settings of whoever runs this.
seen=$(
  env -i PATH="$PATH" HOME="$work" "$work/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

from babel.numbers import get_currency_precision
from moneyed import Money

print("py-moneyed", version("py-moneyed"), "babel", version("babel"))
for amount, code in [("12.750", "BHD"), ("12.750", "IQD"), ("12.75", "HUF"), ("12.75", "MGA")]:
    money = Money(amount, code)
    text = str(money).replace("\N{NO-BREAK SPACE}", " ")
    print(amount, code, "units", money.get_amount_in_sub_unit(), "text", text, "babel digits", get_currency_precision(code))
PYTHON
  cat >"$work/probe.mjs" <<'JAVASCRIPT'
import { readFileSync } from "node:fs";
import * as currencies from "dinero.js/currencies";

const { version } = JSON.parse(readFileSync(process.env.HOME + "/node_modules/dinero.js/package.json"));
console.log("dinero.js", version);
for (const code of ["BHD", "IQD", "HUF", "MGA"]) {
  const { base, exponent } = currencies[code];
  console.log(code, "one unit is 1 /", base ** exponent);
}
JAVASCRIPT
  env -i PATH="$PATH" HOME="$work" node --no-warnings "$work/probe.mjs"
)

echo 'guess: per currency the same digits everywhere, and no digit missing in the text'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
