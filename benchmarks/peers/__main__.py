"""Measures order-worker beside workers in Python, in Node.js and in naive Rust, and beside the floor: its own requests, prepared before.

The floor writes them to a socket. `sdk-floor` makes the same calls with the SDK and the runtime of order-worker, and does nothing else.

    cargo build --release -p orderctl -p order-api -p order-worker -p rust-peers && python3 benchmarks/peers [--rounds 5] [--orders 1000]

Needs Linux, Python 3.11 with pip, Node.js 20 with npm, `rustc`, and the registries. The packages are pinned here, and go into a temporary folder.

Each program is a process behind the Runtime API of this script, and calls the same `orderctl up --ephemeral` on this machine, where no other
function works. It gets batches of 10 and of 100 messages of distinct orders, one after the other. The programs take turns, so that other load
of the machine slows all alike. The processor time is that of all threads of the process (`schedstat`), after as many orders to get warm. The
memory is the peak of the process. Before, each program is called once through a proxy that counts its calls. `sample` is written as public
samples are, with Powertools' batch and idempotency; `batched` makes the calls of order-worker with the SDK alone. Python and Node.js run behind
a short client of the Runtime API, which does less than AWS's own.

With --api it measures order-api beside APIs in Python, Node.js and naive Rust, and beside its own floor instead: one `POST /orders` after the other,
each with another key. With --without-keys the requests have none, and only order-api and its floors are measured: the other APIs need one.
With --cold it measures the start of new processes of order-api and their first order instead, and later orders beside them. With --tls AWS has
TLS there, as Amazon's has. With --base PROGRAM another build of order-api takes turns with it.

With --memory it measures the peak memory of order-api, order-worker and notifier after batches of 100 instead, and nothing else.
"""

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cold import behind_tls, cold_lines
from figures import SDK_FLOOR, Results, picture, zipped
from memory import FUNCTIONS, memory_lines
from programs import RESERVED, RUST, install, measure, record
from work import ROOT, Batches, Requests

sys.path.append(str(ROOT / "benchmarks"))
import machine  # noqa: E402

# The event sources of the template. Without them no function works on the orders and events of the peers.
SOURCES = ["      EventSourceArn: !GetAtt OrdersQueue.Arn\n", "      EventSourceArn: !GetAtt NotificationsQueue.Arn\n"]


@contextlib.contextmanager
def system(orderctl, folder):
    """`orderctl up` in memory, in which no function works. Gives the address of its AWS endpoint."""
    text = (ROOT / "template.yaml").read_text()
    for source in SOURCES:
        assert text.count(source) == 1, source
        text = text.replace(source, source + "      Enabled: false\n")
    (folder / "template.yaml").write_text(text)
    ready = folder / "ready.json"
    options = ["--ephemeral", "--no-shop", "--api-port", "0", "--aws-port", "0", "--template", folder / "template.yaml", "--ready-file", ready]
    with open(folder / "up.log", "w") as log:
        process = subprocess.Popen([orderctl, "up", *options], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not (ready.exists() and ready.stat().st_size):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"orderctl up did not start:\n{(folder / 'up.log').read_text()}")
            time.sleep(0.05)
        yield json.loads(ready.read_text())["aws_endpoint_url"].removeprefix("http://")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--api", action="store_true", help="measure order-api instead, one `POST /orders` after the other")
    parser.add_argument("--without-keys", action="store_true", help="with --api: requests without an Idempotency-Key, of order-api and the floors alone")
    parser.add_argument("--cold", action="store_true", help="with --api: the first order of new processes of order-api, one of each kind a round")
    parser.add_argument("--tls", action="store_true", help="with --cold: behind TLS, which a process of this folder adds")
    parser.add_argument("--base", type=Path, metavar="PROGRAM", help="with --cold: another build of order-api, in turn")
    parser.add_argument("--memory", action="store_true", help="the peak memory of our functions after batches of 100")
    parser.add_argument("--target", type=Path, default=ROOT / "target/release", help="the folder of the functions and the peers in Rust [default: %(default)s]")
    parser.add_argument("--orderctl", type=Path, help="the program that runs the local AWS [default: that of the folder]")
    parser.add_argument("--commit", help="the commit of the programs [default: that of this folder]")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--orders", type=int, default=1000, help="orders of each batch size in each round, and as many to get warm [default: %(default)s]")
    parser.add_argument("--only", help="order-worker or order-api, the floors, and the programs with this word in their name")
    parser.add_argument("--results", type=Path, metavar="FILE.json", help="also write all figures into a file")
    parser.add_argument("--show", type=Path, metavar="FILE.json", help="print the tables of such a file, and measure nothing")
    parser.add_argument("--picture", type=Path, metavar="FILE.json", help="print the input of `benchmarks draw` for such a file, and measure nothing")
    arguments = parser.parse_args()
    if arguments.show:
        print(*Results.from_json(arguments.show.read_text()).lines(), sep="\n")
        return
    if arguments.picture:
        print(json.dumps(picture(Results.from_json(arguments.picture.read_text()).turns)))
        return
    if (arguments.without_keys or arguments.cold) and not arguments.api:
        parser.error("--without-keys and --cold need --api")
    if (arguments.tls or arguments.base) and not arguments.cold:
        parser.error("--tls and --base need --cold")
    work = Requests(has_keys=not arguments.without_keys) if arguments.api else Batches()
    if arguments.orders < max(work.sizes) or arguments.rounds < 1:
        parser.error(f"at least {max(work.sizes)} orders and 1 round")
    if sum(2 * arguments.orders // size for size in work.sizes) > RESERVED:
        parser.error(f"so many orders take a process more than {RESERVED} invocations")
    target = arguments.target.resolve()
    orderctl = (arguments.orderctl or target / "orderctl").resolve()
    names = FUNCTIONS if arguments.memory else RUST[type(work)][:1] if arguments.cold else [*RUST[type(work)], SDK_FLOOR]
    missing = [str(file) for file in [orderctl, *(target / name for name in names)] if not file.exists()]
    if missing:
        parser.error(f"not built: {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if arguments.cold:
            builds = {"order-api": target / "order-api"} | ({"order-api, other build": arguments.base.resolve()} if arguments.base else {})
            with system(orderctl, folder) as endpoint, behind_tls(endpoint, folder) if arguments.tls else contextlib.nullcontext() as variables:
                lines = cold_lines(builds, work, endpoint, arguments.rounds, variables)
            print(machine.describe(arguments.commit), "", *lines, sep="\n")
            return
        if arguments.memory:
            with system(orderctl, folder) as endpoint:
                lines = memory_lines(target, endpoint, arguments.rounds)
            print(machine.describe(arguments.commit), "", *lines, sep="\n")
            return
        programs = install(folder, target, work)
        if arguments.only or arguments.without_keys:
            kept = lambda name: name in {"order-worker", "order-api", SDK_FLOOR, "floor"} or bool(arguments.only) and arguments.only in name  # noqa: E731
            programs = {name: program for name, program in programs.items() if kept(name)}
        turns, calls = compare(programs, work, orderctl, folder, arguments)
        packages = {name: zipped(program.package) if program.package else None for name, program in programs.items()}
    results = Results(f"{machine.describe(arguments.commit)}, Node.js {machine.output_of('node', '--version')}", turns, calls, packages)
    print(*results.lines(), sep="\n")
    if arguments.results:
        arguments.results.write_text(results.to_json())


def compare(programs, work, orderctl, folder, arguments):
    """The turns of each program, and the number of its calls by batch size."""
    calls = {}
    turns = {name: [] for name in programs}
    with system(orderctl, folder) as endpoint:
        for name, program in programs.items():
            requests = record(program.command, endpoint, work)
            calls[name] = {size: len(requests[size]) for size in work.sizes}
            lengths = {size: list(map(len, requests[size])) for size in work.sizes}
            if name == RUST[type(work)][0]:
                ours = lengths
                keep(requests, work, folder / "floor-input")
            elif name == SDK_FLOOR and lengths != ours:
                sys.exit(f"{name} sent requests of other lengths: {lengths} instead of {ours}")
        for number in range(arguments.rounds):
            for name, program in programs.items():
                turns[name].append(measure(program.command, endpoint, work, arguments.orders, arguments.orders))
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
    return turns, calls


def keep(requests, work, folder):
    """Writes the requests of our program for the floor, and the answer that the floor gives."""
    for size, of_size in requests.items():
        (folder / "requests" / str(size)).mkdir(parents=True)
        for number, request in enumerate(of_size):
            (folder / "requests" / str(size) / str(number)).write_bytes(work.for_floor(request))
    (folder / "answer").write_text(json.dumps(work.answer))


if __name__ == "__main__":
    main()
