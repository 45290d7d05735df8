"""The arithmetic of benchmarks/peers, its Runtime API, and what it takes from other files."""

import http.client
import json
import sys
import threading
import zipfile
from xml.etree import ElementTree

import pytest
from repository import ROOT

PEERS = ROOT / "benchmarks/peers"
sys.path.insert(0, str(PEERS))
import figures  # noqa: E402
import runtime_api  # noqa: E402
import work  # noqa: E402


def turn(small, large, start=10.0, start_processor=5.0):
    return figures.Turn({10: small, 100: large}, {10: 4.0, 100: 20.0}, 12.0, start, start_processor)


def turns(**others):
    return {"order-worker": [turn(0.1, 0.05), turn(0.3, 0.02), turn(0.11, 0.04)]} | {name.replace("_", " "): [one] for name, one in others.items()}


def test_a_figure_is_the_median_with_its_range():
    assert figures.middle([3, 1, 2.5], 1) == "2.5 (1.0 to 3.0)"


def test_a_ratio_is_of_medians():
    found = figures.ratios(turns(floor=turn(0.055, 0.04)), lambda one: one.processor[10])
    assert found == {"floor": pytest.approx(0.5)}


@pytest.mark.parametrize(
    ("name", "one", "line"),
    [
        ("Python sample", turn(2.2, 0.8), "Python sample: 20.0 and 20.0 times the processor time of order-worker (target: at least 20): met"),
        ("Python sample", turn(2.2, 0.79), "Python sample: 20.0 and 19.8 times the processor time of order-worker (target: at least 20): NOT met"),
        ("Node.js batched", turn(1.6, 0.7), "Node.js batched: 14.5 and 17.5 times the processor time of order-worker (target: at least 15): NOT met"),
        ("floor", turn(0.055, 0.02), "order-worker: 2.0 and 2.0 times the processor time of the floor (target: at most 2): met"),
        ("floor", turn(0.054, 0.04), "order-worker: 2.0 and 1.0 times the processor time of the floor (target: at most 2): NOT met"),
        ("sdk-floor", turn(0.1, 0.025), "order-worker: 1.1 and 1.6 times the processor time of sdk-floor"),
        (
            "echo-function", turn(0.01, 0.01, start=8.0, start_processor=4.0),
            "order-worker: 1.2 times the time and 1.2 times the processor time of the start of echo-function (target: at most 1.5): met",
        ),
        (
            "echo-function", turn(0.01, 0.01, start=8.0, start_processor=2.0),
            "order-worker: 1.2 times the time and 2.5 times the processor time of the start of echo-function (target: at most 1.5): NOT met",
        ),
    ],
)
def test_a_target_is_met_at_both_sizes_or_not(name, one, line):
    assert figures.verdicts({"order-worker": turns()["order-worker"], name: [one]}) == [line]


def test_the_tables_have_a_row_for_each_program():
    measured = turns(floor=turn(0.05, 0.01))
    speed = figures.speed_table(measured, {"order-worker": {10: 2, 100: 14}, "floor": {10: 2, 100: 14}})
    assert speed[2] == "| order-worker | 0.110 (0.100 to 0.300) ms | 0.040 (0.020 to 0.050) ms | 4.0 (4.0 to 4.0) ms | 20.0 (20.0 to 20.0) ms | 2 | 14 |"
    size = figures.size_table(measured, {"order-worker": 4.25, "floor": None})
    assert size[2:] == [
        "| order-worker | 12.0 (12.0 to 12.0) MiB | 10.0 (10.0 to 10.0) ms | 5.0 (5.0 to 5.0) ms | 4.2 MB |",
        "| floor | 12.0 (12.0 to 12.0) MiB | 10.0 (10.0 to 10.0) ms | 5.0 (5.0 to 5.0) ms | - |",
    ]
    assert {line.count("|") for line in speed} == {8} and {line.count("|") for line in size} == {6}


def test_the_picture_has_the_programs_that_work_on_orders():
    picture = figures.picture(turns(floor=turn(0.05, 0.01)) | {"echo-function": [turn(0, 0)]})
    assert picture["series"] == ["batches of 10", "batches of 100"]
    assert picture["rows"] == [["order-worker", [0.11, 0.04]], ["floor", [0.05, 0.01]]]


def test_the_results_of_a_file_are_those_that_were_written():
    measured = turns(floor=turn(0.05, 0.01))
    calls = {"order-worker": {10: 2, 100: 14}, "floor": {10: 2, 100: 14}}
    results = figures.Results("a machine", measured, calls, {"order-worker": 4.25, "floor": None})
    assert figures.Results.from_json(results.to_json()) == results


def test_the_document_shows_the_tables_of_the_file():
    page = (ROOT / "docs/PERFORMANCE.md").read_text()
    for file in ["results.json", "results-api.json"]:
        for line in figures.Results.from_json((PEERS / file).read_text()).lines():
            assert line in page, f"docs/PERFORMANCE.md lacks this line (benchmarks/peers --show benchmarks/peers/{file}): {line}"


def test_the_picture_of_the_document_is_that_of_the_file():
    results = figures.Results.from_json((PEERS / "results.json").read_text())
    texts = [text.text for text in ElementTree.parse(ROOT / "docs/peers.svg").iter("{http://www.w3.org/2000/svg}text")]
    shown = [(label, len(values)) for label, values in figures.picture(results.turns)["rows"]]
    assert [text for text in texts if text in results.turns] == [label for label, _ in shown]
    numbers = [float(text) for text in texts if text.replace(".", "").isdigit()]
    values = [value for _, of_row in figures.picture(results.turns)["rows"] for value in of_row]
    # The chart rounds to at least two digits.
    assert numbers == pytest.approx(values, rel=0.05)


def test_a_package_has_files_and_folders_without_caches(tmp_path):
    (tmp_path / "lib/__pycache__").mkdir(parents=True)
    (tmp_path / "lib/a.py").write_bytes(bytes(1000))
    (tmp_path / "lib/__pycache__/a.pyc").write_bytes(bytes(range(256)) * 4000)
    (tmp_path / "main.py").write_text("1")
    assert 0.0001 < figures.zipped([tmp_path / "lib", tmp_path / "main.py"]) < 0.0005
    with zipfile.ZipFile(tmp_path / "expected.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "lib/a.py", "lib/a.py")
        archive.write(tmp_path / "main.py", "main.py")
    assert figures.zipped([tmp_path / "lib", tmp_path / "main.py"]) == pytest.approx((tmp_path / "expected.zip").stat().st_size / 1e6)


def test_no_two_batches_share_an_order():
    batches = work.Batches()
    reserved = batches.reserve(3)
    ids = [json.loads(record["body"])["order_id"] for _ in range(2) for record in json.loads(batches.event(10))["Records"]]
    assert len(set(ids)) == 20
    assert not any(identity[24:30] in {reserved, "000001", "000002"} for identity in ids)


def test_no_two_requests_share_a_key():
    requests = work.Requests()
    events = [json.loads(requests.event(1)) for _ in range(3)]
    keys = [event["headers"]["Idempotency-Key"] for event in events]
    assert len(set(keys)) == 3 and [event["multiValueHeaders"]["Idempotency-Key"] for event in events] == [[key] for key in keys]


@pytest.mark.parametrize(
    ("kind", "answer", "is_success"),
    [
        (work.Batches, {"batchItemFailures": []}, True),
        (work.Batches, {"batchItemFailures": [{"itemIdentifier": "1"}]}, False),
        (work.Requests, {"statusCode": 202}, True),
        (work.Requests, {"statusCode": 200}, False),
    ],
)
def test_an_answer_is_a_success_or_not(kind, answer, is_success):
    assert kind.is_success(answer) == is_success


def test_an_api_has_one_size_and_no_target():
    one = lambda time: figures.Turn({1: time}, {1: 2.0}, 12.0, 10.0, 5.0)  # noqa: E731
    turns = {"order-api": [one(0.5)], "Python sample": [one(1.25)], "floor": [one(0.1)]}
    table = figures.speed_table(turns, {name: {1: 3} for name in turns})
    assert table[0] == "| program | processor time an order | time of an order | AWS calls |"
    assert table[2] == "| order-api | 0.500 (0.500 to 0.500) ms | 2.0 (2.0 to 2.0) ms | 3 |"
    assert figures.verdicts(turns) == [
        "Python sample: 2.5 times the processor time of order-api", "order-api: 5.0 times the processor time of the floor",
    ]  # fmt: skip
    assert figures.picture(turns)["series"] == []


def test_the_floor_knows_ids_and_sizes():
    floor = (PEERS / "floor.rs").read_text()
    prefix = floor.split('const ID: &[u8] = b"')[1].split('"')[0]
    limit = int(floor.split("runtime.body.len() > ")[1].split(";")[0].split(" ")[0].replace("_", ""))
    batches = work.Batches()
    small, large = batches.event(10), batches.event(100)
    assert len(small) < limit < len(large)
    assert prefix == work.ID and small.count(f"{prefix}000000".encode()) == 10
    assert len(work.Requests().event(1)) < limit


@pytest.mark.parametrize("order_id", [b"3b09efd4-1b63-5aa1-8b82-6d567f414a9d", b"01a207bd-a9c0-7eeb-be96-e59ce40f9cb1"])
def test_the_floor_of_an_api_replaces_the_id_of_the_order_alone(order_id):
    request = b'amz-sdk-invocation-id: 57bb5013-cc79-4878-8c10-42a37b3f66de\r\n\r\n{"S":"' + order_id + b'"}'
    changed = work.Requests.for_floor(request)
    assert changed == request.replace(order_id, f"{work.ID}000000000000".encode()) != request
    assert work.Batches.for_floor(request) == request


def test_a_request_has_a_key_of_its_own_or_none():
    keys = lambda requests: [json.loads(requests.event(1))["headers"].get("Idempotency-Key") for _ in range(2)]  # noqa: E731
    assert keys(work.Requests()) == ['"checkout-000000"', '"checkout-000001"']
    assert keys(work.Requests(has_keys=False)) == [None, None]


def test_a_list_warms_a_process_and_places_no_order():
    event = json.loads(work.list_event())
    assert (event["httpMethod"], event["path"]) == ("GET", "/orders")
    assert work.is_list({"statusCode": 200}) and not work.is_list({"statusCode": 202})


@pytest.mark.parametrize("kind", [work.Batches, work.Requests])
def test_the_answer_of_the_floor_is_a_success(kind):
    assert kind.is_success(kind.answer)


def test_the_event_sources_are_in_the_template():
    template = (ROOT / "template.yaml").read_text()
    main = (PEERS / "__main__.py").read_text()
    sources = [line for line in main.splitlines() if line.startswith("SOURCES = ")]
    for source in json.loads(sources[0].removeprefix("SOURCES = ")):
        assert template.count(source) == 1, source


class Peer(threading.Thread):
    """Asks for an event and answers it."""

    def __init__(self, address, path, answer):
        super().__init__(daemon=True)
        self.address, self.path, self.answer = address, path, answer
        self.event = None

    def run(self):
        connection = http.client.HTTPConnection(self.address)
        connection.request("GET", "/2018-06-01/runtime/invocation/next")
        self.event = connection.getresponse().read()
        connection.request("POST", f"/2018-06-01/runtime/invocation/1/{self.path}", self.answer)
        connection.getresponse().read()


@pytest.mark.parametrize(
    ("path", "answer", "is_good"),
    [("response", '{"good":true}', True), ("response", '{"good":false}', False), ("error", '{"good":true}', False)],
)
def test_an_invocation_counts_only_if_it_succeeds(path, answer, is_good):
    host = runtime_api.Host(lambda answer: answer["good"])
    peer = Peer(host.address, path, answer)
    peer.start()
    try:
        assert host.first_request() is not None
        if is_good:
            assert host.invoke(b"event") > 0
            assert peer.event == b"event"
        else:
            with pytest.raises(SystemExit):
                host.invoke(b"event")
    finally:
        peer.join()
        host.close()
