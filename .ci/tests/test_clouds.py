"""The arithmetic of benchmarks/clouds, the template that it gives to MiniStack, and docs/PERFORMANCE.md beside its results."""

import subprocess
import sys

import pytest
from deployed_template import SamTemplate
from repository import ROOT

CLOUDS = ROOT / "benchmarks/clouds"
sys.path.insert(0, str(CLOUDS))
import ministack_template  # noqa: E402
import process_tree  # noqa: E402
import rates  # noqa: E402


def turn(accepted, notified, orders=100, reached=100):
    return rates.Turn(orders, reached, reached, accepted, notified, 1.3, 200.0, 0.5)


@pytest.mark.parametrize(
    ("accepted", "notified", "lines"),
    [
        (20.0, 5.0, ["25.0 times the accepted orders a second of LocalStack (target: at least 25): met",
                     "100.0 times the notified orders a second of LocalStack (target: at least 100): met"]),
        (20.1, 5.1, ["24.9 times the accepted orders a second of LocalStack (target: at least 25): NOT met",
                     "98.0 times the notified orders a second of LocalStack (target: at least 100): NOT met"]),
    ],
)  # fmt: skip
def test_a_target_is_met_by_the_medians_or_not(accepted, notified, lines):
    turns = {"orderctl up": [turn(500.0, 500.0), turn(1.0, 1.0), turn(900.0, 900.0)], "LocalStack": [turn(accepted, notified)]}
    assert rates.verdicts(turns) == [f"orderctl up: {line}" for line in lines]


def test_a_cloud_that_loses_orders_is_named():
    turns = {"orderctl up": [turn(500.0, 500.0), turn(500.0, 500.0, reached=98)]}
    assert rates.verdicts(turns) == ["orderctl up: not every order was notified: 98 accepted and 98 notified of 100"]


def test_the_table_has_a_row_for_each_cloud():
    table = rates.table({"orderctl up": [turn(1234.5, 1200.4, orders=10_000)], "LocalStack": [turn(20.26, 5.0), turn(18.0, 4.0), turn(22.0, 6.0)]})
    assert table[2:] == [
        "| orderctl up | 10,000 | 1,234 (1,234 to 1,234) | 1,200 (1,200 to 1,200) | 1.3 (1.3 to 1.3) ms | 200 (200 to 200) MiB | 0.5 (0.5 to 0.5) s |",
        "| LocalStack | 100 | 20.3 (18.0 to 22.0) | 5.0 (4.0 to 6.0) | 1.3 (1.3 to 1.3) ms | 200 (200 to 200) MiB | 0.5 (0.5 to 0.5) s |",
    ]
    assert {line.count("|") for line in table} == {8}


def test_the_results_of_a_file_are_those_that_were_written():
    results = rates.Results("a machine", {"orderctl up": [turn(500.0, 400.5)], "LocalStack": [turn(20.0, 4.125)]})
    assert rates.Results.from_json(results.to_json()) == results


@pytest.mark.parametrize("file", sorted(path.name for path in CLOUDS.glob("results*.json")))
def test_the_document_shows_the_results(file):
    page = (ROOT / "docs/PERFORMANCE.md").read_text()
    for line in rates.Results.from_json((CLOUDS / file).read_text()).lines():
        assert line in page, f"docs/PERFORMANCE.md lacks this line (benchmarks/clouds --show benchmarks/clouds/{file}): {line}"


def test_the_processor_time_of_a_tree_includes_a_child():
    # The shell waits for its child, which has used processor time, and keeps running.
    burn = f"{sys.executable} -c 'sum(range(10**7))'; echo done; read line"
    with subprocess.Popen(["sh", "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        tree = process_tree.ProcessTree([shell.pid])
        assert shell.stdout.readline() == "done\n"
        assert tree.processor_time() > 0.05
        shell.stdin.close()


def test_the_memory_of_a_tree_includes_a_child():
    command = [sys.executable, "-c", "held = bytearray(50_000_000); print('ready', flush=True); input()"]
    with subprocess.Popen(["sh", "-c", '"$@"; true', "sh", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout.readline() == "ready\n"
        tree = process_tree.ProcessTree([shell.pid])
        assert len(tree.process_ids()) == 2
        with process_tree.PeakMemory(tree) as memory:
            pass
        assert memory.peak > 45
        shell.stdin.write("\n")
        shell.stdin.close()


def test_a_tree_that_has_ended_takes_nothing():
    with subprocess.Popen(["true"]) as process:
        process.wait()
    tree = process_tree.ProcessTree([process.pid])
    assert (tree.process_ids(), tree.processor_time(), tree.memory()) == ([], 0, 0)


@pytest.fixture
def adapted():
    return ministack_template.adapt(SamTemplate(ROOT / "template.yaml").source())


def test_ministack_gets_numbers_and_texts(adapted):
    mappings = [one["Properties"] for one in adapted["Resources"].values() if one["Type"] == "AWS::Lambda::EventSourceMapping"]
    assert len(mappings) == 4
    assert all(isinstance(one["ScalingConfig"]["MaximumConcurrency"], int) and isinstance(one["BatchSize"], int) for one in mappings)
    environments = [one["Properties"]["Environment"]["Variables"] for one in adapted["Resources"].values() if "Environment" in one.get("Properties", {})]
    assert len(environments) == 3
    assert not [value for variables in environments for value in variables.values() if isinstance(value, int)]


def test_nothing_that_ministack_gets_refers_to_what_it_does_not_get(adapted):
    left_out = SamTemplate(ROOT / "template.yaml").source()["Resources"].keys() - adapted["Resources"].keys()
    assert "OrdersPutOffAlarm" in left_out and "OrdersQueue" not in left_out
    assert not set(words(adapted["Resources"])) & left_out and not set(words(adapted["Outputs"])) & left_out


def words(value):
    """All texts of a document, and the names of resources before a dot."""
    if isinstance(value, dict):
        for part in value.values():
            yield from words(part)
    elif isinstance(value, list):
        for part in value:
            yield from words(part)
    elif isinstance(value, str):
        yield value.split(".")[0]


def test_the_parameter_of_a_text_stays():
    template = {"Parameters": {"Name": {"Type": "String", "Default": "x"}, "Limit": {"Type": "Number", "Default": 3}}}
    assert ministack_template.with_defaults([{"Ref": "Name"}, {"Ref": "Limit"}, {"Ref": "Other"}], template["Parameters"]) == [{"Ref": "Name"}, 3, {"Ref": "Other"}]
