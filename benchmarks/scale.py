#!/usr/bin/env python3
"""Computes what limits the deployed system at a given rate of orders, and simulates the drain of a spike. docs/SCALE.md explains the results.

    python3 benchmarks/scale.py limits [--rate 1000 ...]      the needs at each rate, beside the quotas of an account and the settings of the template
    python3 benchmarks/scale.py drain [--orders 1000000] [--set OrdersBatchSize=100 ...] [--table-write-units 40000]
    python3 benchmarks/scale.py tables                        the tables of docs/SCALE.md
    python3 benchmarks/scale.py compare --orderctl target/release/orderctl [--orders 20000]     the model beside a drain of this machine

No AWS account is needed, and a package for `compare` alone (boto3, .ci/requirements.txt). The quotas are those that AWS documents for a new account in us-east-1. The duration of a call is an
assumption (`CALL_SECONDS`): nothing here was measured on AWS.
"""

import argparse
import heapq
import math
import re
import sys
from dataclasses import dataclass
from pathlib import Path

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"

# Assumption: the duration of one call from a function to SQS, SNS or DynamoDB in the same Region, with a warm connection.
CALL_SECONDS = 0.015
# Assumption: the time of one invocation besides its calls.
INVOCATION_SECONDS = 0.005
# Quotas and fixed rates of AWS. docs/SCALE.md names the page of each.
API_REQUESTS_PER_SECOND = 10_000
CONCURRENT_EXECUTIONS = 1_000
MESSAGES_IN_FLIGHT = 120_000
NEW_TABLE_WRITE_UNITS = 4_000
TABLE_WRITE_UNITS = 40_000
PARTITION_WRITE_UNITS = 1_000
PUBLISHED_MESSAGES_PER_SECOND = 30_000
FIRST_POLLERS = 5
POLLERS_PER_MINUTE = 300
MAX_POLLERS = 1_250
# Limits of the calls and of the services.
INSERTS_PER_CALL = 25
PUBLISHES_PER_CALL = 10
READS_PER_CALL = 100
MARKS_PER_CALL = 25
ORDERS_PER_REQUEST = 100
ORDERS_PER_DIGEST = 1_000
# The share of the email rate that notifier leaves to its retry queue.
RETRY_SHARE = 0.25
# Write units of an order of at most 1 KB in the table: its row, and its mark when it is notified. The index of a customer's orders holds keys, so
# that only the row writes it. A table and each of its indexes have write units of their own.
WRITES_PER_ORDER = 2


@dataclass(frozen=True)
class Settings:
    """The parameters of the template that decide about throughput."""

    place_order_rate: int
    place_batch_rate: int
    orders_batch: int
    orders_window: int
    orders_concurrency: int
    notifications_batch: int
    notifications_concurrency: int
    emails_per_second: int

    PARAMETERS = {
        "PlaceOrderRateLimit": "place_order_rate",
        "PlaceBatchRateLimit": "place_batch_rate",
        "OrdersBatchSize": "orders_batch",
        "OrdersBatchWindowSeconds": "orders_window",
        "OrdersMaximumConcurrency": "orders_concurrency",
        "NotificationsBatchSize": "notifications_batch",
        "NotificationsMaximumConcurrency": "notifications_concurrency",
        "MaxEmailsPerSecond": "emails_per_second",
    }

    @classmethod
    def of_template(cls, overrides=()):
        """Reads the defaults of the template. `overrides` are texts like `OrdersBatchSize=100`."""
        values = {}
        for parameter in cls.PARAMETERS:
            found = re.search(rf"^  {parameter}:\n(?:    .*\n)*?    Default: (\d+)\n", TEMPLATE.read_text(), re.MULTILINE)
            assert found, f"the template has no default of {parameter}"
            values[parameter] = int(found[1])
        for override in overrides:
            parameter, _, value = override.partition("=")
            if parameter not in values or not value.isdigit() or int(value) == 0:
                raise SystemExit(f"{override}: give one of {', '.join(values)}, and a whole number above 0")
            values[parameter] = int(value)
        return cls(**{cls.PARAMETERS[parameter]: value for parameter, value in values.items()})


def calls_of_worker(orders):
    """The calls of order-worker for a batch, which it makes one after the other."""
    return math.ceil(orders / INSERTS_PER_CALL) + math.ceil(orders / PUBLISHES_PER_CALL)


def seconds_of_worker(orders):
    return INVOCATION_SECONDS + CALL_SECONDS * calls_of_worker(orders)


def seconds_of_api():
    """An invocation of order-api for an order without a key: one call of SQS."""
    return INVOCATION_SECONDS + CALL_SECONDS


def seconds_of_notifier(orders):
    """An invocation of notifier that sends one digest: reads, one email, marks."""
    calls = math.ceil(orders / READS_PER_CALL) + 1 + math.ceil(orders / MARKS_PER_CALL)
    return INVOCATION_SECONDS + CALL_SECONDS * calls


@dataclass(frozen=True)
class Limit:
    """What a rate needs, and what there is of it."""

    name: str
    need: float
    has: float
    remedy: str

    @property
    def holds(self):
        return self.need <= self.has


def limits(rate, settings):
    """The limits along the way of an order, in its order, for `rate` orders a second."""
    digest = min(settings.notifications_batch, ORDERS_PER_DIGEST)
    emails = settings.emails_per_second * (1 - RETRY_SHARE)
    batch = settings.orders_batch
    digests_of_concurrency = settings.notifications_concurrency / seconds_of_notifier(digest)
    return [
        Limit("requests of POST /orders a second, set by PlaceOrderRateLimit", rate, settings.place_order_rate, "raise PlaceOrderRateLimit"),
        Limit(
            "requests a second to all APIs of the account",
            rate,
            API_REQUESTS_PER_SECOND,
            f"raise the quota, or place {ORDERS_PER_REQUEST} orders in a request of POST /orders/batch",
        ),
        Limit(
            "concurrent executions of order-api",
            rate * seconds_of_api(),
            CONCURRENT_EXECUTIONS,
            "raise the quota of concurrent executions, or place orders in batches",
        ),
        Limit(
            "concurrent batches of order-worker, set by OrdersMaximumConcurrency",
            rate / batch * seconds_of_worker(batch),
            min(settings.orders_concurrency, MAX_POLLERS),
            "raise OrdersMaximumConcurrency, or OrdersBatchSize with a window of 1 s",
        ),
        Limit(
            "messages in flight",
            rate * (seconds_of_worker(batch) + settings.orders_window),
            MESSAGES_IN_FLIGHT,
            "raise the quota, or a shorter OrdersBatchWindowSeconds",
        ),
        Limit(
            "write units of a new table",
            rate * WRITES_PER_ORDER,
            NEW_TABLE_WRITE_UNITS,
            "set the warm throughput of table and index before the traffic comes",
        ),
        Limit(
            "write units of a table by the quota",
            rate * WRITES_PER_ORDER,
            TABLE_WRITE_UNITS,
            "raise the quota of table-level write throughput",
        ),
        Limit(
            "messages published a second",
            rate,
            PUBLISHED_MESSAGES_PER_SECOND,
            "raise the quota, which is lower in other Regions",
        ),
        Limit(
            "orders in emails a second",
            rate,
            min(emails, digests_of_concurrency) * digest,
            f"raise NotificationsBatchSize, up to {ORDERS_PER_DIGEST:,}, and NotificationsMaximumConcurrency; above, emails fall behind",
        ),
    ]


@dataclass
class Drain:
    """The drain of a spike."""

    seconds: float
    invocations: int
    max_concurrency: int
    max_in_flight: int
    throttled_seconds: float
    milestones: list  # (second, orders left), one for each tenth of the orders


def drain(orders, settings, table_write_units=NEW_TABLE_WRITE_UNITS, batch_seconds=seconds_of_worker, first_pollers=FIRST_POLLERS):
    """Simulates how order-worker drains a spike that is in the queue at once. An event is the end of an invocation or of a minute.

    Assumptions: every batch is full. Pollers grow by 300 at the end of each minute (AWS says "up to 300 a minute"). A call waits while the table
    has no write units left, instead of failing and being tried again; the wait is that of the whole table, so keys are even over its partitions.
    """
    batch = settings.orders_batch
    most = min(settings.orders_concurrency, MAX_POLLERS)
    pollers = min(first_pollers, most)
    left, done, running = orders, 0, 0
    invocations = max_concurrency = max_in_flight = 0
    throttled = 0.0
    # The moment at which the table has written all that it was given.
    table_free = 0.0
    milestones = []
    ends = []  # (second, orders of the batch)
    next_minute = 60.0
    now = 0.0
    in_flight = 0
    while done < orders:
        while running < pollers and left > 0:
            size = min(batch, left)
            left -= size
            # A row is one write unit of the table. Its mark is written by notifier, at another time.
            table_free = max(table_free, now) + size / table_write_units
            duration = batch_seconds(size)
            end = max(now + duration, table_free)
            throttled += end - (now + duration)
            heapq.heappush(ends, (end, size))
            running += 1
            in_flight += size
            invocations += 1
        max_concurrency = max(max_concurrency, running)
        max_in_flight = max(max_in_flight, in_flight)
        end = ends[0][0]
        if left > 0 and pollers < most and next_minute < end:
            now = next_minute
            next_minute += 60.0
            pollers = min(pollers + POLLERS_PER_MINUTE, most)
            continue
        now, size = heapq.heappop(ends)
        running -= 1
        in_flight -= size
        done += size
        while len(milestones) < 10 and done >= orders * (len(milestones) + 1) / 10:
            milestones.append((now, orders - done))
    return Drain(now, invocations, max_concurrency, max_in_flight, throttled, milestones)


RATES = (10, 1_000, 10_000, 100_000)
# The settings that docs/SCALE.md recommends for each rate above the defaults.
TUNED = {
    1_000: ("PlaceOrderRateLimit=1000", "OrdersBatchSize=100", "OrdersBatchWindowSeconds=1", "NotificationsBatchSize=1000"),
    10_000: ("PlaceOrderRateLimit=10000", "OrdersBatchSize=100", "OrdersBatchWindowSeconds=1", "OrdersMaximumConcurrency=100", "NotificationsBatchSize=1000", "NotificationsMaximumConcurrency=10"),
    100_000: ("PlaceOrderRateLimit=100000", "OrdersBatchSize=100", "OrdersBatchWindowSeconds=1", "OrdersMaximumConcurrency=1000", "NotificationsBatchSize=1000", "NotificationsMaximumConcurrency=10"),
}
SPIKES = (
    ("the template", (), NEW_TABLE_WRITE_UNITS),
    ("`OrdersBatchSize=100`", ("OrdersBatchSize=100", "OrdersBatchWindowSeconds=1"), NEW_TABLE_WRITE_UNITS),
    ("`OrdersBatchSize=100`, `OrdersMaximumConcurrency=300`", ("OrdersBatchSize=100", "OrdersBatchWindowSeconds=1", "OrdersMaximumConcurrency=300"), NEW_TABLE_WRITE_UNITS),
    ("the same, the table warm for 40,000 write units", ("OrdersBatchSize=100", "OrdersBatchWindowSeconds=1", "OrdersMaximumConcurrency=300"), TABLE_WRITE_UNITS),
)


def show(number):
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


def tables():
    """The tables of docs/SCALE.md, as lines of Markdown. A need that is more than there is stands in bold."""
    lines = [f"| limit | there is | {' | '.join(f'{rate:,}/s' for rate in RATES)} | remedy |", "|---|---|" + "---|" * len(RATES) + "---|"]
    for rows in zip(*(limits(rate, Settings.of_template()) for rate in RATES), strict=True):
        needs = (show(row.need) if row.holds else f"**{show(row.need)}**" for row in rows)
        lines.append(f"| {rows[0].name} | {show(rows[0].has)} | {' | '.join(needs)} | {rows[0].remedy} |")
    lines += ["", "| orders a second | parameters | what is left to raise |", "|---|---|---|"]
    for rate, overrides in TUNED.items():
        left = [limit.name for limit in limits(rate, Settings.of_template(overrides)) if not limit.holds]
        lines.append(f"| {rate:,} | {', '.join(f'`{override}`' for override in overrides)} | {'; '.join(left) or 'nothing'} |")
    lines += ["", "| settings | drained after | invocations | most concurrent | most in flight |", "|---|---|---|---|---|"]
    for name, overrides, units in SPIKES:
        found = drain(1_000_000, Settings.of_template(overrides), units)
        minutes = f"{found.seconds / 60:.1f} minutes"
        lines.append(f"| {name} | {minutes} | {found.invocations:,} | {found.max_concurrency:,} | {found.max_in_flight:,} |")
    return lines


def compare(orderctl, orders, call_milliseconds):
    """Drains a backlog on this machine, and has the model drain it with the duration of an invocation that was measured meanwhile.

    Each call of a function takes `call_milliseconds` more, as if AWS were far away. Without that, the processors of this machine decide how long
    the drain takes, and the model has none.
    """
    import tempfile
    import urllib.request

    import backlog

    settings = Settings.of_template()
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        with backlog.up(orderctl, directory, "--no-shop", "--template", str(backlog.write_paused_template(directory))) as system:
            backlog.fill(system["api_url"], orders, lambda number: backlog.make_entry("scale", number))
        slow = backlog.slow_calls(directory, (call_milliseconds, call_milliseconds))
        with backlog.up(orderctl, directory, "--no-shop", "--function-concurrency", str(settings.orders_concurrency), *slow) as system:
            marks = backlog.follow(system, orders)
            metrics = urllib.request.urlopen(system["aws_endpoint_url"] + "/_local/metrics").read().decode()
    measured = marks[-1][0] - marks[0][0]

    def metric(name):
        return float(re.search(rf'^aws_lambda_duration_{name}{{function_name="order-worker"}} (\S+)$', metrics, re.MULTILINE)[1])

    mean = metric("sum") / metric("count") / 1000
    # The event source of this machine has all its pollers at once, and the table no limit.
    computed = drain(orders, settings, math.inf, lambda _: mean, settings.orders_concurrency)
    print(f"{orders:,} orders, {settings.orders_concurrency} pollers, batches of {settings.orders_batch}")
    print(f"measured: {measured:.1f} s, {metric('count'):,.0f} invocations of {mean * 1000:.1f} ms on average")
    print(f"computed: {computed.seconds:.1f} s, {computed.invocations:,} invocations; {computed.seconds / measured:.2f} times the measured time")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    shown = commands.add_parser("limits", help="the needs at each rate")
    shown.add_argument("--rate", type=int, action="append", help=f"orders a second [default: {', '.join(map(str, RATES))}]")
    drained = commands.add_parser("drain", help="simulate the drain of a spike")
    drained.add_argument("--orders", type=int, default=1_000_000, help="orders of the spike [default: %(default)s]")
    drained.add_argument("--table-write-units", type=int, default=NEW_TABLE_WRITE_UNITS, help="write units of the table a second [default: %(default)s]")
    for command in (shown, drained):
        command.add_argument("--set", action="append", default=[], metavar="PARAMETER=VALUE", help="a parameter of the template")
    commands.add_parser("tables", help="the tables of docs/SCALE.md")
    compared = commands.add_parser("compare", help="the model beside a drain of this machine")
    compared.add_argument("--orderctl", type=Path, required=True)
    compared.add_argument("--orders", type=int, default=20_000, help="a multiple of 100 [default: %(default)s]")
    compared.add_argument("--call-milliseconds", type=int, default=500, help="what a call of a function takes longer [default: %(default)s]")
    arguments = parser.parse_args()
    if arguments.command == "compare":
        compare(arguments.orderctl, arguments.orders, arguments.call_milliseconds)
        return 0
    if arguments.command == "tables":
        print("\n".join(tables()))
        return 0
    settings = Settings.of_template(arguments.set)
    if arguments.command == "drain":
        found = drain(arguments.orders, settings, arguments.table_write_units)
        print(f"{arguments.orders:,} orders are drained after {found.seconds:,.1f} s by {found.invocations:,} invocations")
        print(f"at most {found.max_concurrency:,} at once, {found.max_in_flight:,} messages in flight, {found.throttled_seconds:,.1f} s of waits for the table")
        for second, left in found.milestones:
            print(f"{second:10,.1f} s  {left:>12,} left")
        return 0
    for rate in arguments.rate or RATES:
        print(f"{rate:,} orders a second")
        for limit in limits(rate, settings):
            verdict = "ok  " if limit.holds else "OVER"
            print(f"  {verdict} {show(limit.need):>9} of {show(limit.has):>9}  {limit.name}" + ("" if limit.holds else f": {limit.remedy}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
