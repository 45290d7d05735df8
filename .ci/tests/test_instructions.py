"""The comparison of .ci/instructions.py."""

import json
import sys

from repository import ROOT

sys.path.insert(0, str(ROOT / ".ci"))
import instructions  # noqa: E402

SETTING = {"toolchain": "rustc 1.95.0", "valgrind": "valgrind-3.19.0", "architecture": "x86_64"}


def compared(recorded, found, **differs):
    return instructions.compare(SETTING | {"instructions": recorded}, found, SETTING | differs)


def test_counts_within_the_tolerance_pass():
    lines, wrong = compared({"a": 1_000, "b": 1_000}, {"a": 1_019, "b": 981}, toolchain="rustc 1.96.0")
    assert (len(lines), wrong) == (2, [])


def test_a_rise_above_the_tolerance_fails_and_names_the_case():
    _, wrong = compared({"a": 1_000, "b": 1_000}, {"a": 1_021, "b": 1_000})
    assert wrong == ["a: 1,021 instructions instead of 1,000 (+2.1%)"]


def test_a_rise_with_another_compiler_names_both():
    _, wrong = compared({"a": 1_000}, {"a": 2_000}, toolchain="rustc 1.96.0")
    assert wrong[1:] == ["The toolchain differs, and may be the reason: the baseline is of rustc 1.95.0, this is rustc 1.96.0."]


def test_a_fall_passes_and_asks_for_a_new_record():
    lines, wrong = compared({"a": 1_000}, {"a": 900})
    assert wrong == [] and "record them" in lines[0]


def test_a_case_that_only_one_side_has_fails():
    _, wrong = compared({"a": 1_000}, {"b": 1_000})
    assert wrong == ["a: is recorded, and no case any more", "b: is not recorded"]


def test_the_baseline_names_what_it_was_recorded_with():
    baseline = json.loads(instructions.BASELINE.read_text())
    assert baseline.keys() == SETTING.keys() | {"instructions"}
    assert all(count > 0 for count in baseline["instructions"].values())


def test_the_document_has_the_recorded_counts():
    page = (instructions.ROOT / "docs/PERFORMANCE.md").read_text()
    rows = [line for line in page.partition("## Instruction counts")[2].splitlines() if line.startswith("| ")]
    text = "\n".join(rows[:7])
    shown = {
        "order: read and validated, 3 items": 1,
        "order: read and validated, 100 items": 1,
        "order: fingerprint, 3 items": 1,
        "order: fingerprint, 100 items": 1,
        "email: one order": 1,
        "email: digest of 100 orders": 1,
        "order-worker: a batch of 10": 10,
        "order-worker: a batch of 100": 100,
        "notifier: a batch of 100, one digest": 100,
    }
    counts = json.loads(instructions.BASELINE.read_text())["instructions"]
    for name, messages in shown.items():
        count = f"{round(counts[name] / messages):,}"
        assert count in text, f"docs/PERFORMANCE.md lacks the count of {name}: {count}"


def test_the_counted_function_exists():
    name = instructions.COUNTED.removeprefix("instruction_counts::case::").removesuffix("*")
    assert f"#[inline(never)]\nfn {name}(" in (ROOT / "benchmarks/instructions/src/case.rs").read_text()
