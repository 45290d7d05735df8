"""The peak memory of our functions after their largest batches."""

import json

from figures import middle
from programs import Process
from work import ROOT, Batches, Requests

FUNCTIONS = ["order-api", "order-worker", "notifier"]
SIZE = 100
# A process has its peak after fewer.
BATCHES = 20


class BatchRequests(Requests):
    """Requests `POST /orders/batch` of new orders, each with a key."""

    def __init__(self):
        super().__init__()
        self.request = json.loads((ROOT / "events/order-api-batch.json").read_text())
        self.order = json.loads((ROOT / "events/order.json").read_text())

    @staticmethod
    def is_success(answer):
        return answer["statusCode"] == 207 and all(entry["status"] == 202 for entry in json.loads(answer["body"])["results"])

    def event(self, size):
        run = self.reserve(1)
        entries = [{"idempotency_key": f"import-{run}-{number:06x}", "order": self.order} for number in range(size)]
        return json.dumps(self.request | {"body": json.dumps({"entries": entries})}).encode()


class Notifications(Batches):
    """Events about the orders that as many batches of `Batches` have stored."""

    def __init__(self):
        super().__init__()
        self.message = json.loads((ROOT / "order-core/golden/event-v1.json").read_text())

    def record(self, run, number):
        record = super().record(run, number)
        order_id = json.loads(record["body"])["order_id"]
        body = self.message | {"id": order_id, "subject": order_id, "data": self.message["data"] | {"order_id": order_id}}
        return record | {"body": json.dumps(body)}


def memory_lines(target, endpoint, rounds):
    """The lines of a Markdown table: the peak memory of one process of each function in each round, after so many batches."""
    works = dict(zip(FUNCTIONS, [BatchRequests(), Batches(), Notifications()], strict=True))
    found = {name: [] for name in FUNCTIONS}
    for _ in range(rounds):
        for name, work in works.items():
            process = Process([target / name], endpoint, work)
            try:
                for _ in range(BATCHES):
                    process.invoke(SIZE)
                process.host.wait_until_asked()
                found[name].append(process.peak_memory())
            finally:
                process.stop()
    rows = [f"| {name} | {middle(peaks, 1)} MiB |" for name, peaks in found.items()]
    return [f"| after {BATCHES} batches of {SIZE} orders | peak memory |", "|---|---|", *rows]
