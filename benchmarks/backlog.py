#!/usr/bin/env python3
"""How fast order-worker drains a deep backlog of orders, beside shallow ones in the same run: the whole line, not the queue alone.

    python3 benchmarks/backlog.py --orderctl target/release/orderctl [--deep 200000] [--shallow 20000]

One system in a scratch directory gets three backlogs, one after the other: a shallow one, the deep one, a shallow one again, which finds the
table as full as the deep one left it. For each the system runs with a template that keeps order-worker from the queue, is filled through
the API (`POST /orders/batch`), is stopped, and starts again with the template as it is. The rates are those at which orders leave the queue:
stored, published and deleted. Needs boto3 (.ci/requirements.txt) and a machine that does nothing else. Fails if an order became a dead letter, or if
the deep backlog was drained slower by more than 15% than the shallow ones before and after it on average.
"""

import argparse
import contextlib
import http.client
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

import boto3

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
# The one event source of order-worker.
EVENT_SOURCE = "            Queue: !GetAtt OrdersQueue.Arn\n"
# Orders of one request: the API's limit.
BATCH = 100
SENDERS = 4
TOLERANCE = 0.15


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orderctl", type=Path, required=True)
    parser.add_argument("--deep", type=int, default=200_000, help="orders of the deep backlog [default: %(default)s]")
    parser.add_argument("--shallow", type=int, default=20_000, help="orders of the shallow one [default: %(default)s]")
    arguments = parser.parse_args()
    if not 0 < arguments.shallow <= arguments.deep or arguments.shallow % BATCH or arguments.deep % BATCH:
        parser.error(f"the backlogs have to be multiples of {BATCH}, the deep one the larger")
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch)
        before = drain(arguments.orderctl, home, "before", arguments.shallow)
        deep = drain(arguments.orderctl, home, "deep", arguments.deep)
        after = drain(arguments.orderctl, home, "after", arguments.shallow)
    part = deep / ((before + after) / 2)
    print(f"the deep backlog was drained at {part:.3f} of the shallow ones' rate")
    return 0 if part >= 1 - TOLERANCE else 1


def drain(orderctl, home, name, count):
    """Orders a second, from a full queue until it is empty."""
    text = TEMPLATE.read_text()
    assert text.count(EVENT_SOURCE) == 1
    idle = home / "template.yaml"
    idle.write_text(text.replace(EVENT_SOURCE, EVENT_SOURCE + "            Enabled: false\n"))
    with up(orderctl, home, "--template", str(idle)) as system:
        begun = time.monotonic()
        fill(system["api_url"], name, count)
        accepted = count / (time.monotonic() - begun)
        assert depth(queues(system), "orders") == count
    with up(orderctl, home) as system:
        marks = follow(system, count)
        assert depth(queues(system), "orders-dlq") == 0, "orders became dead letters"
    first, last = marks[0], marks[-1]
    rate = (first[1] - last[1]) / (last[0] - first[0])
    parts = " ".join(f"{tenth:.0f}" for tenth in tenths(marks))
    print(f"{name:>6}: {count:,} orders accepted at {accepted:.0f}/s, drained at {rate:.0f}/s; by tenths: {parts}", flush=True)
    return rate


@contextlib.contextmanager
def up(orderctl, home, *options):
    ready = home / "ready"
    ready.unlink(missing_ok=True)
    command = [str(orderctl.resolve()), "--data-dir", str(home / "data"), "up", "--api-port", "0", "--aws-port", "0", "--ready-file", str(ready), *options]
    with (home / "log").open("a") as log, subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL) as process:
        try:
            while not ready.exists():
                assert process.poll() is None, (home / "log").read_text()
                time.sleep(0.05)
            yield json.loads(ready.read_text())
        finally:
            process.send_signal(signal.SIGTERM)


def fill(api_url, name, count):
    failures = []

    def send(first):
        try:
            address = urllib.parse.urlsplit(api_url)
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
            for start in range(first, count, BATCH * SENDERS):
                body = json.dumps({"entries": [entry(name, number) for number in range(start, start + BATCH)]})
                connection.request("POST", address.path.rstrip("/") + "/orders/batch", body, {"content-type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
                refused = [result for result in json.loads(text).get("results", [{}]) if result.get("status") != 202]
                if refused:
                    raise RuntimeError(f"{answer.status}: {text[:300] if answer.status != 207 else refused[0]}")
        except Exception as error:  # noqa: BLE001  A thread's failure is the run's.
            failures.append(error)

    threads = [threading.Thread(target=send, args=(sender * BATCH,)) for sender in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def entry(name, number):
    item = {"sku": "TEA-ASSAM-250", "name": "Assam tea, 250 g", "quantity": 2, "unit_price": "12.50"}
    order = {"customer": {"id": f"customer-{number % 1000}", "email": "ada@example.com"}, "currency": "EUR", "items": [item]}
    return {"idempotency_key": f"backlog-{name}-{number}", "order": order}


def follow(system, count):
    """(seconds, orders in the queue) from the first that left until none is left."""
    sqs = queues(system)
    marks = [(time.monotonic(), count)]
    while marks[-1][1] > 0:
        time.sleep(0.1)
        marks.append((time.monotonic(), depth(sqs, "orders")))
        if marks[1][1] == count:
            # None had left yet: what came before is the start.
            marks = [marks[1]]
    return marks


def tenths(marks):
    """The rate of each tenth of the orders."""
    count, corners = marks[0][1], [marks[0]]
    for part in range(1, 11):
        corners.append(next(mark for mark in marks if mark[1] <= count - count * part // 10))
    for (begun, more), (ended, fewer) in zip(corners, corners[1:], strict=False):
        yield (more - fewer) / (ended - begun) if ended > begun else float("nan")


def queues(system):
    return boto3.client(
        "sqs",
        endpoint_url=system["aws_endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="operator",
        aws_secret_access_key="operator",
    )


def depth(sqs, queue):
    """Messages of a queue: visible, and in flight."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(attributes[name]) for name in names)


if __name__ == "__main__":
    sys.exit(main())
