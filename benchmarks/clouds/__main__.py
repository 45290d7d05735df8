"""Measures the pipeline, from `POST /orders` to the email, on `orderctl up`, on LocalStack in host mode and on MiniStack, in one run.

    cargo build --release -p orderctl -p order-api -p order-worker -p notifier && python3 benchmarks/clouds [--rounds 3]

Needs Linux, Python 3.11 with pip, and PyPI. The emulators are pinned, LocalStack where integration-tests pins it and MiniStack in
requirements.txt, and go into ~/.cache/orders-ci. They need no Docker.

In each round the clouds take turns. Each starts, deploys template.yaml with the same functions, and gets a few orders to get warm. Then the same
client, `orderctl load`, sends orders over 8 connections as fast as they are accepted, and reads their rows until all are notified. It counts
from the first order to the last answer and to the last `notified_at`. The processor time and the memory are those of all processes of the
cloud, functions and tables included, and not of the client. The start lasts until the stack is deployed.

`orderctl up` keeps its state on the disk, and both emulators keep theirs in memory. LocalStack's tables are those of `orderctl dynamodb`, because
its own need Java. MiniStack gets a template without alarms, and with the types that it needs (ministack_template.py says why); it counts an
email as sent when it has logged it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
from emulators import FUNCTIONS, ROOT, Programs, localstack, ministack, orderctl_up  # noqa: E402
from process_tree import PeakMemory, ProcessTree  # noqa: E402
from rates import Results, Turn  # noqa: E402

sys.path.append(str(ROOT / "benchmarks"))
import machine  # noqa: E402

# Each cloud with its orders to get warm and its orders to measure, so that three rounds take five minutes.
CLOUDS = {"orderctl up": (orderctl_up, 1000, 10_000), "LocalStack": (localstack, 20, 100), "MiniStack": (ministack, 20, 200)}
CONNECTIONS = 8


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=Path, default=ROOT / "target/release", help="the folder of the functions [default: %(default)s]")
    parser.add_argument("--orderctl", type=Path, help="the program that runs the local AWS and the client [default: that of the folder]")
    parser.add_argument("--commit", help="the commit of the programs [default: that of this folder]")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=[*CLOUDS][1:], help="measure `orderctl up` and this one")
    parser.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the template, on all clouds")
    parser.add_argument("--results", type=Path, metavar="FILE.json", help="also write all figures into a file")
    parser.add_argument("--show", type=Path, metavar="FILE.json", help="print the table of such a file, and measure nothing")
    arguments = parser.parse_args()
    if arguments.show:
        print(*Results.from_json(arguments.show.read_text()).lines(), sep="\n")
        return
    target = arguments.target.resolve()
    orderctl = (arguments.orderctl or target / "orderctl").resolve()
    missing = [str(file) for file in [orderctl, *(target / name for name in FUNCTIONS)] if not file.exists()]
    if missing:
        parser.error(f"not built: {', '.join(missing)}")
    clouds = {name: cloud for name, cloud in CLOUDS.items() if not arguments.only or name in {*arguments.only, "orderctl up"}}
    parameters = dict(pair.split("=", 1) for pair in arguments.parameter)
    turns = {name: [] for name in clouds}
    with tempfile.TemporaryDirectory() as scratch:
        programs = Programs.install(orderctl, target, Path(scratch))
        for number in range(arguments.rounds):
            for name, (start, warm_up, orders) in clouds.items():
                with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, start(programs, Path(folder), parameters) as cloud:
                    load(orderctl, cloud, warm_up)
                    turns[name].append(measure(orderctl, cloud, orders))
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
    results = Results(", ".join([machine.describe(arguments.commit), *arguments.parameter]), turns)
    print(*results.lines(), sep="\n")
    if arguments.results:
        arguments.results.write_text(results.to_json())


def measure(orderctl, cloud, orders):
    tree = ProcessTree(cloud.process_ids)
    before = tree.processor_time()
    with PeakMemory(tree) as memory:
        report = load(orderctl, cloud, orders)
    processor = (tree.processor_time() - before) * 1000 / report["accepted"]
    rates = report["per_second"]
    return Turn(orders, report["accepted"], report["notified"], rates["accepted"], rates["notified"], processor, memory.peak, cloud.start)


def load(orderctl, cloud, orders):
    """The report of so many orders. Fails if none is notified; some may be missing."""
    command = [orderctl, "load", *cloud.load, "--count", str(orders), "--connections", str(CONNECTIONS), "--settle", "60", "--json"]
    done = subprocess.run(command, env=cloud.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    report = json.loads(done.stdout or "{}")
    if not report.get("notified"):
        sys.exit(f"{command} notified nobody of an order:\n{done.stdout}\n{done.stderr[-2000:]}")
    return report


if __name__ == "__main__":
    main()
