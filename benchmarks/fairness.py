#!/usr/bin/env python3
"""Measures whether the flood of one customer delays the order of another one, through the whole pipeline (fair queues).

    python3 benchmarks/fairness.py --orderctl target/release/orderctl [--flood 100000] [--samples 51]

The age of an order at its confirmation is the time from `accepted_at` to `confirmed_at` of its row. It is measured for orders of quiet
customers, one order each, that are placed one after the other:

1. idle: in a system without other orders;
2. with groups: while order-worker drains a flood of one other customer (`MessageGroups=CUSTOMER`, the default);
3. without groups: the same with `MessageGroups=NONE`, one order only.

The flood fills the queue before order-worker reads it. Each call of a function to AWS takes 10 to 20 ms
(`--call-milliseconds`), in place of the network and the service. Without that, an order of an idle system is stored in 2 ms, and only the
processors are measured. Needs boto3 (.ci/requirements.txt) and a machine without other load. Fails if the median age with groups is more
than twice that of the idle system, or if the flood was drained before the last sample.
"""

import argparse
import datetime
import http.client
import json
import statistics
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

from backlog import connect, count_messages, fill, make_entry, slow_calls, up, write_paused_template

FACTOR = 2
# Between two samples, so that they do not delay each other.
PAUSE_SECONDS = 0.05


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orderctl", type=Path, required=True)
    parser.add_argument("--flood", type=int, default=100_000, help="orders of the flood, a multiple of 100 [default: %(default)s]")
    parser.add_argument("--samples", type=int, default=51, help="orders of quiet customers [default: %(default)s]")
    parser.add_argument("--parameter", action="append", default=[], help="a parameter of the template, NAME=VALUE")
    parser.add_argument("--call-milliseconds", type=int, nargs=2, default=(10, 20), metavar=("FROM", "TO"), help="what a call to AWS takes; 0 0 adds nothing [default: 10 20]")
    arguments = parser.parse_args()
    options = [option for parameter in arguments.parameter for option in ("--parameter", parameter)]
    idle, _ = measure(arguments, 0, arguments.samples, *options)
    grouped, left = measure(arguments, arguments.flood, arguments.samples, *options)
    alone, _ = measure(arguments, arguments.flood, 1, *options, "--parameter", "MessageGroups=NONE")
    factor = statistics.median(grouped) / statistics.median(idle)
    print(f"idle:           {describe(idle)}")
    print(f"with groups:    {describe(grouped)}, {factor:.2f} times that; {left:,} orders of the flood were left after the last sample")
    print(f"without groups: {describe(alone)}")
    return 0 if factor <= FACTOR and left > 0 else 1


def describe(ages):
    ordered = sorted(ages)
    return f"median {statistics.median(ordered):.0f} ms, slowest {ordered[-1]:.0f} ms of {len(ordered)}"


def measure(arguments, flood, samples, *options):
    """Returns the ages of the quiet customers' orders in milliseconds, and how much of the flood was left then."""
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        if flood:
            with up(arguments.orderctl, directory, "--template", str(write_paused_template(directory)), *options) as system:
                fill(system["api_url"], flood, flood_entry)
        with up(arguments.orderctl, directory, *options, *slow_calls(directory, arguments.call_milliseconds)) as system:
            client = Client(system["api_url"])
            if flood:
                wait_until_draining(system, flood)
            else:
                # The first orders start the processes of the functions.
                for number in range(20):
                    client.wait_until_stored(client.place("warm", number))
            placed = []
            for number in range(samples):
                placed.append(client.place("quiet", number))
                time.sleep(PAUSE_SECONDS)
            left = count_messages(connect(system), "orders")
            return [age(client.wait_until_stored(order_id)) for order_id in placed], left


def flood_entry(number):
    entry = make_entry("flood", number)
    entry["order"]["customer"]["id"] = "flood"
    return entry


def wait_until_draining(system, flood):
    """Waits until a twentieth of the flood is done, so that all processes run."""
    while count_messages(connect(system), "orders") > flood * 0.95:
        time.sleep(0.1)


def age(order):
    accepted, confirmed = (datetime.datetime.fromisoformat(order[name]) for name in ("accepted_at", "confirmed_at"))
    return (confirmed - accepted).total_seconds() * 1000


class Client:
    """A client of the API."""

    def __init__(self, api_url):
        address = urllib.parse.urlsplit(api_url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        self.path = address.path.rstrip("/") + "/orders"

    def call(self, method, path, body=None):
        self.connection.request(method, path, body, {"content-type": "application/json"})
        answer = self.connection.getresponse()
        return answer.status, json.loads(answer.read())

    def place(self, name, number):
        order = make_entry(name, number)["order"]
        order["customer"]["id"] = f"{name}-{number}"
        status, answer = self.call("POST", self.path, json.dumps(order))
        assert status == 202, answer
        return answer["order_id"]

    def wait_until_stored(self, order_id):
        while True:
            status, answer = self.call("GET", f"{self.path}/{order_id}")
            if status == 200:
                return answer
            assert status in (404, 503), answer
            time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main())
