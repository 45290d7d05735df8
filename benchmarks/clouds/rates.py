"""The figures of the clouds, and what they say about the targets."""

import dataclasses
import json
import statistics
from dataclasses import dataclass

# The first cloud needs at least so many times the rate of the others.
MIN_ACCEPTED_TIMES = 25
MIN_NOTIFIED_TIMES = 100


@dataclass(frozen=True)
class Turn:
    """One start of a cloud, and one load: its orders, those that were accepted and notified, and their rates a second.

    The processor time is that of an accepted order, in ms; the memory in MiB; the start in s, until the stack is deployed.
    """

    orders: int
    accepted: int
    notified: int
    accepted_rate: float
    notified_rate: float
    processor: float
    memory: float
    start: float


@dataclass(frozen=True)
class Results:
    """Where and when the clouds were measured, and their turns by name. The first cloud is the one that the others are compared with."""

    machine: str
    turns: dict

    def to_json(self):
        document = dataclasses.asdict(self)
        return json.dumps(json.loads(json.dumps(document), parse_float=lambda text: round(float(text), 3)), indent=1) + "\n"

    @classmethod
    def from_json(cls, text):
        document = json.loads(text)
        return cls(document["machine"], {name: [Turn(**fields) for fields in of_name] for name, of_name in document["turns"].items()})

    def lines(self):
        """The machine, the table, and the verdicts."""
        return [self.machine, "", *table(self.turns), "", *verdicts(self.turns)]


def middle(values, digits):
    """Median and range, such as `1.2 (1.1 to 1.9)`."""
    return f"{statistics.median(values):,.{digits}f} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def column(turns, field, digits):
    return middle([getattr(turn, field) for turn in turns], digits)


def table(turns):
    """The lines of a Markdown table: the medians of the turns, and their range."""
    heads = ["cloud", "orders", "accepted a second", "notified a second", "processor time an order", "peak memory", "start"]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, of_name in turns.items():
        # A rate of ten and more needs no fraction.
        rates = [column(of_name, field, 0 if getattr(of_name[0], field) >= 100 else 1) for field in ("accepted_rate", "notified_rate")]
        costs = [f"{column(of_name, 'processor', 1)} ms", f"{column(of_name, 'memory', 0)} MiB", f"{column(of_name, 'start', 1)} s"]
        lines.append(f"| {' | '.join([name, f'{of_name[0].orders:,}', *rates, *costs])} |")
    return lines


def verdicts(turns):
    """A line for each rate of each other cloud, by the medians, and one for each cloud that lost orders."""
    ours, *others = turns
    lines = []
    for name in others:
        for what, field, target in [("accepted", "accepted_rate", MIN_ACCEPTED_TIMES), ("notified", "notified_rate", MIN_NOTIFIED_TIMES)]:
            first, other = (statistics.median(getattr(turn, field) for turn in turns[cloud]) for cloud in (ours, name))
            lines.append(f"{ours}: {first / other:.1f} times the {what} orders a second of {name} (target: at least {target}): {verdict(first / other >= target)}")
    for name, of_name in turns.items():
        missed = [turn for turn in of_name if turn.notified < turn.orders]
        if missed:
            shown = ", ".join(f"{turn.accepted} accepted and {turn.notified} notified of {turn.orders}" for turn in missed)
            lines.append(f"{name}: not every order was notified: {shown}")
    return lines


def verdict(is_met):
    return "met" if is_met else "NOT met"
