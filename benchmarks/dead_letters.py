#!/usr/bin/env python3
"""Measures how fast `orderctl dlq` lists and replays a large dead-letter queue, compared with StartMessageMoveTask in the same run.

    python3 benchmarks/dead_letters.py --orderctl target/release/orderctl [--letters 100000]

Starts a system of its own in a scratch directory. Needs boto3 (.ci/requirements.txt). Replayed dead letters go to a queue that no function
reads, so that the measurement has the replay alone. Fails if a dead letter is lost.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import boto3
from botocore.config import Config

# SQS's own limit for a move task, in messages per second.
MOVE_TASK_RATE = 500


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orderctl", type=Path, required=True)
    parser.add_argument("--letters", type=int, default=100_000)
    parser.add_argument("--moved", type=int, default=5_000, help="dead letters that StartMessageMoveTask moves, at %(default)s / 500 a second")
    arguments = parser.parse_args()
    orderctl = str(arguments.orderctl.resolve())
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        up = [orderctl, "--data-dir", str(directory / "data"), "up", "--api-port", "0", "--aws-port", "0", "--ready-file", str(directory / "ready")]
        with (directory / "log").open("w") as log, subprocess.Popen(up, stdout=log, stderr=log, stdin=subprocess.DEVNULL) as system:
            try:
                while not (directory / "ready").exists():
                    assert system.poll() is None, (directory / "log").read_text()
                    time.sleep(0.1)
                measure(orderctl, directory, json.loads((directory / "ready").read_text())["aws_endpoint_url"], arguments)
            finally:
                system.send_signal(signal.SIGTERM)


def measure(orderctl, directory, endpoint, arguments):
    sqs = boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="operator",
        aws_secret_access_key="operator",
        config=Config(max_pool_connections=16),
    )
    target = sqs.create_queue(QueueName="replayed")["QueueUrl"]
    dlq = sqs.get_queue_url(QueueName="orders-dlq")["QueueUrl"]
    fill(sqs, dlq, arguments.letters)

    def dlq_command(*words):
        line = [orderctl, "--data-dir", str(directory / "data"), "--orders-queue-url", target, "dlq", *words]
        started, before = time.monotonic(), read_cpu_seconds()
        done = subprocess.run(line, capture_output=True, text=True, check=False, env=os.environ | {"ORDERS_AUDIT_LOG": str(directory / "audit")})
        seconds = time.monotonic() - started
        assert done.returncode == 0, done.stdout[-500:] + done.stderr[-500:]
        print(f"          (orderctl itself took {read_cpu_seconds() - before:.1f} s of processor time)")
        return done.stdout, seconds

    listed, seconds = dlq_command("list", "--queue", "orders")
    summary = listed.splitlines()[-1]
    assert summary.startswith(f"{arguments.letters} dead letters"), summary
    print(f"list      {arguments.letters} dead letters in {seconds:.1f} s, {arguments.letters / seconds:.0f}/s")

    half = arguments.letters // 2
    printed, seconds = dlq_command("replay", "--queue", "orders", "--reason", "even", "--yes")
    assert printed == f"replayed {half}, failed 0, skipped 0\n", printed
    # Every second dead letter is replayed, but the command must receive all of them.
    selective = half / seconds
    print(f"replay    {half} of {arguments.letters} dead letters in {seconds:.1f} s, {selective:.0f}/s, {selective / MOVE_TASK_RATE:.1f} x a move task's {MOVE_TASK_RATE}/s")
    assert (count_messages(sqs, target), count_messages(sqs, dlq)) == (half, arguments.letters - half), "dead letters were lost or doubled"

    left = arguments.letters - half
    printed, seconds = dlq_command("purge", "--queue", "orders", "--all", "--yes", "--backup", str(directory / "backup.jsonl"))
    print(f"purge     {left} dead letters in {seconds:.1f} s, {left / seconds:.0f}/s, each on disk first")
    assert sum(1 for _ in (directory / "backup.jsonl").open()) == left

    fill(sqs, dlq, arguments.moved)
    printed, seconds = dlq_command("replay", "--queue", "orders", "--all", "--yes")
    assert printed == f"replayed {arguments.moved}, failed 0, skipped 0\n", printed
    print(f"move task {arguments.moved} dead letters in {seconds:.1f} s, {arguments.moved / seconds:.0f}/s; selective replay is {selective * seconds / arguments.moved:.1f} x as fast")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"memory    at most {peak / 1024:.0f} MiB for any of these commands")


def read_cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def fill(sqs, url, count):
    """Sends dead letters of about the size of a small order, with two reasons in turn."""
    body = json.dumps({"schema_version": 1, "order_id": "0199d3a0-5c1e-7b3a-9f57-2c1d4e5f6a7b", "padding": "x" * 500})

    def make_entry(index):
        reason = {"DataType": "String", "StringValue": "odd" if index % 2 else "even"}
        return {"Id": str(index), "MessageBody": body, "MessageAttributes": {"error_code": reason}}

    def work(first):
        for start in range(first, count, 80):
            entries = [make_entry(index) for index in range(start, min(start + 10, count))]
            assert not sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")

    threads = [threading.Thread(target=work, args=(n * 10,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count_messages(sqs, url) >= count, "not every dead letter was sent"


def count_messages(sqs, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(counts[name]) for name in names)


if __name__ == "__main__":
    main()
