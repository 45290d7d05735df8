"""The start of new processes, and their first orders."""

import contextlib
import subprocess
import sys
from pathlib import Path

from figures import middle
from programs import order_after
from work import list_event


def cold_lines(builds, work, endpoint, rounds, variables):
    """The lines of a Markdown table: new processes of each build in turn, until they ask for their first event, and their order after others."""
    kinds = {
        "its first order": lambda: [],
        "its first order after a list of orders": lambda: [list_event()],
        "its second order": lambda: [work.event(1)],
        "its hundredth order": lambda: [work.event(1) for _ in range(99)],
    }
    starts, orders = {build: [] for build in builds}, {(build, kind): [] for kind in kinds for build in builds}
    for _ in range(rounds):
        for (build, kind), turns in orders.items():
            start, order = order_after([builds[build]], endpoint, work, kinds[kind](), variables)
            starts[build].append(start)
            turns.append(order)
    rows = [(f"{build}: its start, to the first `next`", found) for build, found in starts.items()]
    rows += [(f"{build}: {kind}", found) for (build, kind), found in orders.items()]
    head = ["| a new process | time | processor time |", "|---|---|---|"]
    return head + [f"| {name} | {middle([wall for wall, _ in found], 1)} ms | {middle([time for _, time in found], 2)} ms |" for name, found in rows]


@contextlib.contextmanager
def behind_tls(endpoint, folder):
    """Puts TLS in front of an endpoint. Gives the variables of a process that calls it so."""
    python = folder / "tls/bin/python"
    subprocess.run([sys.executable, "-m", "venv", folder / "tls"], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "trustme==1.2.1"], check=True)
    subprocess.run([python, "-m", "trustme", "--quiet", "--dir", folder / "tls", "--identities", "127.0.0.1"], check=True)
    command = [python, Path(__file__).with_name("tls.py"), folder / "tls/server.pem", folder / "tls/server.key", endpoint]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline())
        yield {"AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}", "SSL_CERT_FILE": str(folder / "tls/client.pem")}
    finally:
        process.kill()
        process.wait()
