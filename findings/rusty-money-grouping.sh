#!/usr/bin/env bash
# rusty-money reads an amount by the locale that it has for the currency, whoever wrote the amount: 1.500 is one and a half
# US dollar and one and a half thousand euro. A price with a decimal point in euro is an error with two decimals, and
# another price with three. Its documentation names 100.00 as a format that from_str takes.
#
# Caught: whoever parses the decimal strings of an API or of DynamoDB with Money::from_str; with the usual two decimals
# the error shows, with three decimals, a fuel price or a rate, it is a factor of 1000. Use Money::from_decimal.
# With: rusty-money 0.5.1.
# Seen: as below.
# Source: the crate itself, https://docs.rs/rusty-money/0.5.1/rusty_money/struct.Money.html#method.from_str;
#   ISO 4217 ties no notation to a currency.
set -euo pipefail

# The output when this was recorded.
recorded='rusty-money 0.5.1
100.00 USD Ok("100.00")
100.00 EUR Err(InvalidAmount)
1.500 USD Ok("1.500")
1.500 EUR Ok("1500.00")'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/src"
cat >"$work/Cargo.toml" <<'TOML'
[package]
name = "probe"
version = "0.0.0"
edition = "2021"

[dependencies]
rusty-money = "=0.5.1"

[profile.dev]
debug = 0
TOML
cat >"$work/src/main.rs" <<'RUST'
use rusty_money::{iso, Money};

fn main() {
    for amount in ["100.00", "1.500"] {
        for currency in [iso::USD, iso::EUR] {
            let money = Money::from_str(amount, currency);
            println!("{amount} {currency} {:?}", money.map(|money| money.amount().to_string()));
        }
    }
}
RUST
cargo build --quiet --manifest-path "$work/Cargo.toml" --target-dir "$work/target"

# A clean environment: no proxy, no AWS settings of whoever runs this.
seen=$(env -i PATH="$PATH" HOME="$work" "$work/target/debug/probe")
seen="rusty-money $(sed -n '/^name = "rusty-money"$/{n;s/version = "\(.*\)"/\1/p}' "$work/Cargo.lock")
$seen"

echo 'guess: 100.00 and 1.500 are the same amount in both currencies'
printf 'seen:\n%s\n' "$seen"
if [[ "$seen" != "$recorded" ]]; then
  printf 'CHANGED, recorded was:\n%s\n' "$recorded" >&2
  exit 1
fi
echo 'as recorded'
