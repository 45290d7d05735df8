"""The figures of the programs, and what they say about the targets."""

import dataclasses
import io
import json
import statistics
import zipfile
from dataclasses import dataclass

# order-worker, and not order-api, needs at most 1/so many of the processor time of the programs with these names, and at most so many times that of the floor.
MIN_TIMES = {"Python sample": 20, "Python batched": 20, "Node.js sample": 15, "Node.js batched": 15}
MAX_TIMES = {"floor": 2}
# Its calls with the SDK and the runtime, and nothing else. It has no target: the SDK is given.
SDK_FLOOR = "sdk-floor"
# Its start takes at most so many times that of a function that does nothing.
MAX_START_TIMES = {"echo-function": 1.5}


@dataclass(frozen=True)
class Turn:
    """One process: by batch size, the processor time of an order and the time of a batch; its peak memory; the time and processor time of its start.

    In ms and MiB.
    """

    processor: dict
    wall: dict
    memory: float
    start: float
    start_processor: float


@dataclass(frozen=True)
class Results:
    """Where and when the programs were measured, and by their names: their turns, their calls by batch size, their packages in MB or None."""

    machine: str
    turns: dict
    calls: dict
    packages: dict

    def to_json(self):
        turns = {name: [dataclasses.asdict(turn) for turn in of_name] for name, of_name in self.turns.items()}
        document = dataclasses.asdict(self) | {"turns": turns}
        return json.dumps(json.loads(json.dumps(document), parse_float=lambda text: round(float(text), 4)), indent=1) + "\n"

    @classmethod
    def from_json(cls, text):
        sizes = lambda values: {int(size): value for size, value in values.items()}  # noqa: E731
        document = json.loads(text)
        turn = lambda fields: Turn(sizes(fields["processor"]), sizes(fields["wall"]), fields["memory"], fields["start"], fields["start_processor"])  # noqa: E731
        turns = {name: [turn(fields) for fields in of_name] for name, of_name in document["turns"].items()}
        return cls(document["machine"], turns, {name: sizes(calls) for name, calls in document["calls"].items()}, document["packages"])

    def lines(self):
        """The machine, the tables, and the verdicts."""
        tables = [speed_table(self.turns, self.calls), size_table(self.turns, self.packages)]
        return [self.machine, "", *tables[0], "", *tables[1], "", *verdicts(self.turns)]


def middle(values, digits):
    """Median and range, such as `1.20 (1.10 to 1.90)`."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def batch_sizes(turns):
    """The batch sizes that were measured. That of an API is 1."""
    return list(next(iter(turns.values()))[0].processor)


def speed_table(turns, calls):
    """The lines of a Markdown table. The medians of the turns, and their range."""
    sizes = batch_sizes(turns)
    if sizes == [1]:
        heads = ["processor time an order", "time of an order", "AWS calls"]
    else:
        heads = [f"{what} {size}" for what in ["processor time an order, batches of", "time of a batch of", "AWS calls for"] for size in sizes]
    lines = [f"| program | {' | '.join(heads)} |", "|---" * (len(heads) + 1) + "|"]
    for name, of_name in turns.items():
        processor = [f"{middle([turn.processor[size] for turn in of_name], 3)} ms" for size in sizes]
        wall = [f"{middle([turn.wall[size] for turn in of_name], 1)} ms" for size in sizes]
        count = [str(calls[name][size]) for size in sizes]
        lines.append(f"| {name} | {' | '.join(processor + wall + count)} |")
    return lines


def size_table(turns, packages):
    """The lines of a Markdown table."""
    lines = ["| program | peak memory | start to first `next` | its processor time | package, zipped |", "|---|---|---|---|---|"]
    for name, of_name in turns.items():
        package = f"{packages[name]:.1f} MB" if packages[name] else "-"
        memory = middle([turn.memory for turn in of_name], 1)
        starts = [middle(times, 1) for times in ([turn.start for turn in of_name], [turn.start_processor for turn in of_name])]
        lines.append(f"| {name} | {memory} MiB | {starts[0]} ms | {starts[1]} ms | {package} |")
    return lines


def ratios(turns, value):
    """How many times the value of the first program each other one has, by the medians."""
    medians = {name: statistics.median(map(value, of_name)) for name, of_name in turns.items()}
    first, *others = medians
    return {name: medians[name] / medians[first] for name in others}


def verdicts(turns):
    """A line for each target, and whether it is met: at all batch sizes."""
    lines, ours = [], next(iter(turns))
    by_size = [ratios(turns, lambda turn, size=size: turn.processor[size]) for size in batch_sizes(turns)]
    for name, target in MIN_TIMES.items():
        if name in turns:
            times = [of_size[name] for of_size in by_size]
            shown = f"{' and '.join(f'{ratio:.1f}' for ratio in times)} times the processor time of {ours}"
            met = f" (target: at least {target}): {verdict(min(times) >= target)}" if ours == "order-worker" else ""
            lines.append(f"{name}: {shown}{met}")
    for name, target in MAX_TIMES.items():
        if name in turns:
            times = [1 / of_size[name] for of_size in by_size]
            shown = f"{' and '.join(f'{ratio:.1f}' for ratio in times)} times the processor time of the {name}"
            met = f" (target: at most {target}): {verdict(max(times) <= target)}" if ours == "order-worker" else ""
            lines.append(f"{ours}: {shown}{met}")
    if SDK_FLOOR in turns:
        times = " and ".join(f"{1 / of_size[SDK_FLOOR]:.1f}" for of_size in by_size)
        lines.append(f"{ours}: {times} times the processor time of {SDK_FLOOR}")
    for name, target in MAX_START_TIMES.items():
        if name in turns:
            times = [1 / ratios(turns, value)[name] for value in (lambda turn: turn.start, lambda turn: turn.start_processor)]
            shown = f"{times[0]:.1f} times the time and {times[1]:.1f} times the processor time of the start of {name}"
            lines.append(f"{ours}: {shown} (target: at most {target}): {verdict(max(times) <= target)}")
    return lines


def verdict(is_met):
    return "met" if is_met else "NOT met"


def picture(turns):
    """The input of `benchmarks draw`. `echo-function` has no order to work on."""
    title = "Processor time of an order, in ms"
    sizes = batch_sizes(turns)
    rows = [[name, [statistics.median(turn.processor[size] for turn in of_name) for size in sizes]] for name, of_name in turns.items() if name != "echo-function"]
    return {"title": title, "description": f"{title}. The table has the figures.", "series": [] if sizes == [1] else [f"batches of {size}" for size in sizes], "rows": rows}


def zipped(paths):
    """The size of a deployment package of these files and folders, in MB."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
            for file in files:
                archive.write(file, file.relative_to(path.parent))
    return len(content.getvalue()) / 1e6
