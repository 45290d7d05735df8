#!/usr/bin/env python3
"""Measures how fast order-worker drains a deep backlog of orders, compared with shallow ones in the same run, through the whole pipeline.

    python3 benchmarks/backlog.py --orderctl target/release/orderctl [--deep 200000] [--shallow 20000] [--in-turn ROUNDS]

One system in a scratch directory gets three backlogs, one after the other: a shallow one, the deep one, and a shallow one again, now with a
full table. For each backlog:

1. The system starts with a template in which order-worker does not read the queue.
2. The API fills the queue (`POST /orders/batch`).
3. The system stops, and starts again with the unchanged template.

The rate counts the orders that leave the queue: stored, published and deleted. Needs boto3 (.ci/requirements.txt) and a machine without other
load. Fails if an order is dead-lettered, or if the deep backlog drains more than 15% slower than the average of the two shallow ones.

With --in-turn it says what the stored orders alone cost: it drains the deep backlog once, and then shallow ones in turn, on a new system and on a copy of
the full one. A machine that becomes slower meanwhile slows both alike. No ratio fails then.
"""

import argparse
import contextlib
import http.client
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

import boto3

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
# The only event source of order-worker.
EVENT_SOURCE = "      EventSourceArn: !GetAtt OrdersQueue.Arn\n"
# The orders of one request, the limit of the API.
BATCH = 100
SENDERS = 4
TOLERANCE = 0.15


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orderctl", type=Path, required=True)
    parser.add_argument("--deep", type=int, default=200_000, help="orders of the deep backlog [default: %(default)s]")
    parser.add_argument("--shallow", type=int, default=20_000, help="orders of the shallow one [default: %(default)s]")
    parser.add_argument("--in-turn", type=int, metavar="ROUNDS", help="compare a new and a full system in so many rounds instead")
    arguments = parser.parse_args()
    if not 0 < arguments.shallow <= arguments.deep or arguments.shallow % BATCH or arguments.deep % BATCH:
        parser.error(f"the backlogs must be multiples of {BATCH}, and the deep one must not be smaller")
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        if arguments.in_turn:
            drain_in_turn(arguments, directory)
            return 0
        before = drain(arguments.orderctl, directory, "before", arguments.shallow)
        deep = drain(arguments.orderctl, directory, "deep", arguments.deep)
        after = drain(arguments.orderctl, directory, "after", arguments.shallow)
    ratio = deep / ((before + after) / 2)
    print(f"the deep backlog was drained at {ratio:.3f} times the rate of the shallow ones")
    return 0 if ratio >= 1 - TOLERANCE else 1


def drain_in_turn(arguments, directory):
    """Drains shallow backlogs over an empty and over a full table, and prints the medians with their ranges."""
    full = directory / "stored"
    full.mkdir()
    drain(arguments.orderctl, full, "deep", arguments.deep)
    rates = {"empty": [], "full": []}
    for _ in range(arguments.in_turn):
        for name, of_name in rates.items():
            with tempfile.TemporaryDirectory(dir=directory) as own:
                if name == "full":
                    shutil.copytree(full / "data", Path(own) / "data")
                # The disk has nothing left to write of what came before.
                os.sync()
                of_name.append(drain(arguments.orderctl, Path(own), name, arguments.shallow))
    for name, of_name in rates.items():
        print(f"{name:>6}: {statistics.median(of_name):.0f}/s ({min(of_name):.0f} to {max(of_name):.0f})")
    empty, full = (statistics.median(of_name) for of_name in rates.values())
    print(f"over a full table it drained at {full / empty:.3f} times the rate")


def drain(orderctl, directory, name, count):
    """Fills the queue and drains it. Returns the drained orders per second."""
    with up(orderctl, directory, "--template", str(write_paused_template(directory))) as system:
        started = time.monotonic()
        fill(system["api_url"], count, lambda number: make_entry(name, number))
        accepted = count / (time.monotonic() - started)
        assert count_messages(connect(system), "orders") == count
    with up(orderctl, directory) as system:
        marks = follow(system, count)
        assert count_messages(connect(system), "orders-dlq") == 0, "orders became dead letters"
    first, last = marks[0], marks[-1]
    rate = (first[1] - last[1]) / (last[0] - first[0])
    parts = " ".join(f"{tenth:.0f}" for tenth in rate_by_tenths(marks))
    print(f"{name:>6}: {count:,} orders accepted at {accepted:.0f}/s, drained at {rate:.0f}/s; by tenths: {parts}", flush=True)
    return rate


def write_paused_template(directory):
    """Writes a template in which order-worker does not read the queue."""
    text = TEMPLATE.read_text()
    assert text.count(EVENT_SOURCE) == 1
    paused = directory / "template.yaml"
    paused.write_text(text.replace(EVENT_SOURCE, EVENT_SOURCE + "      Enabled: false\n"))
    return paused


@contextlib.contextmanager
def up(orderctl, directory, *options):
    ready = directory / "ready"
    ready.unlink(missing_ok=True)
    command = [str(orderctl.resolve()), "--data-dir", str(directory / "data"), "up", "--api-port", "0", "--aws-port", "0", "--ready-file", str(ready), *options]
    with (directory / "log").open("a") as log, subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL) as process:
        try:
            while not ready.exists():
                assert process.poll() is None, (directory / "log").read_text()
                time.sleep(0.05)
            yield json.loads(ready.read_text())
        finally:
            process.send_signal(signal.SIGTERM)


def slow_calls(directory, milliseconds):
    """The options of `up` with which each call of a function takes this long."""
    if not any(milliseconds):
        return []
    plan = directory / "calls.yaml"
    calls = [{"operations": ["*"], "functions": ["*"], "delay": {"chance": 1, "milliseconds": list(milliseconds)}}]
    # JSON is YAML.
    plan.write_text(json.dumps({"seed": 1, "calls": calls}))
    return ["--faults", str(plan)]


def fill(api_url, count, entry_of):
    """Places orders by the API: `entry_of(number)` for each number below `count`."""
    failures = []

    def send(first):
        try:
            address = urllib.parse.urlsplit(api_url)
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
            for start in range(first, count, BATCH * SENDERS):
                body = json.dumps({"entries": [entry_of(number) for number in range(start, start + BATCH)]})
                connection.request("POST", address.path.rstrip("/") + "/orders/batch", body, {"content-type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
                rejected = [result for result in json.loads(text).get("results", [{}]) if result.get("status") != 202]
                if rejected:
                    raise RuntimeError(f"{answer.status}: {text[:300] if answer.status != 207 else rejected[0]}")
        except Exception as error:  # noqa: BLE001  A failed thread fails the run.
            failures.append(error)

    threads = [threading.Thread(target=send, args=(sender * BATCH,)) for sender in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def make_entry(name, number):
    item = {"sku": "TEA-ASSAM-250", "name": "Assam tea, 250 g", "quantity": 2, "unit_price": "12.50"}
    order = {"customer": {"id": f"customer-{number % 1000}", "email": "ada@example.com"}, "currency": "EUR", "items": [item]}
    return {"idempotency_key": f"backlog-{name}-{number}", "order": order}


def follow(system, count):
    """Lists (seconds, orders in the queue) from the first order that left the queue to the last one."""
    sqs = connect(system)
    marks = [(time.monotonic(), count)]
    while marks[-1][1] > 0:
        time.sleep(0.1)
        marks.append((time.monotonic(), count_messages(sqs, "orders")))
        if marks[1][1] == count:
            # No order has left the queue yet, so that the drain starts here.
            marks = [marks[1]]
    return marks


def rate_by_tenths(marks):
    """Yields the rate of each tenth of the orders."""
    count, corners = marks[0][1], [marks[0]]
    for part in range(1, 11):
        corners.append(next(mark for mark in marks if mark[1] <= count - count * part // 10))
    for (started, more), (ended, fewer) in zip(corners, corners[1:], strict=False):
        yield (more - fewer) / (ended - started) if ended > started else float("nan")


def connect(system):
    return boto3.client(
        "sqs",
        endpoint_url=system["aws_endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="operator",
        aws_secret_access_key="operator",
    )


def count_messages(sqs, queue):
    """Counts the messages of a queue, visible or in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


if __name__ == "__main__":
    sys.exit(main())
