"""Lambda's guarantees for an execution environment, each tested with a real process."""

import json
import os
import threading
import time
from types import SimpleNamespace

import pytest

from orders_localstack import environment as module
from orders_localstack.runtime_api import InitError

ARN = "arn:aws:lambda:us-east-1:000000000000:function:orders"
ECHO = """
def behave(event, headers):
    print("seen", event, flush=True)
    return {"event": event, "pid": os.getpid(), "headers": dict(headers), "variables": dict(os.environ)}
serve(behave)
"""
# Hangs, ends or answers, depending on the event.
OBEDIENT = """
def behave(event, headers):
    print("doing", event, flush=True)
    if event == "hang":
        time.sleep(600)
    if event == "die":
        os._exit(7)
    return os.getpid()
serve(behave)
"""


def invoke(environment, event, request_id="r-1"):
    outcome, logs = environment.invoke(request_id, ARN, json.dumps(event).encode(), "Root=1-2-3")
    return outcome, json.loads(outcome.payload), logs


def is_alive(process_id):
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_event_comes_back_with_its_headers(environment):
    echo = environment(ECHO, timeout=20)
    echo.start()
    before = time.time()
    outcome, answer, _ = invoke(echo, {"a": "ü"}, "r-9")
    assert not outcome.is_error
    assert answer["event"] == {"a": "ü"}
    headers = {name.lower(): value for name, value in answer["headers"].items()}
    assert headers["lambda-runtime-aws-request-id"] == "r-9"
    assert headers["lambda-runtime-invoked-function-arn"] == ARN
    assert headers["lambda-runtime-trace-id"] == "Root=1-2-3"
    # Whole milliseconds, rounded down.
    assert int((before + 20) * 1000) <= int(headers["lambda-runtime-deadline-ms"]) <= (time.time() + 20) * 1000


def test_one_process_serves_many_invocations(environment):
    echo = environment(ECHO)
    echo.start()
    assert len({invoke(echo, n, f"r-{n}")[1]["pid"] for n in range(20)}) == 1


def test_the_process_gets_only_the_given_variables(environment, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_DEVELOPER", "x")
    echo = environment(ECHO, {"ORDERS_TABLE": "orders"})
    echo.start()
    variables = invoke(echo, 1)[1]["variables"]
    assert variables["ORDERS_TABLE"] == "orders"
    assert variables["AWS_LAMBDA_RUNTIME_API"].startswith("127.0.0.1:")
    assert "SECRET_OF_THE_DEVELOPER" not in variables


def test_each_invocation_has_its_own_part_of_the_log(environment):
    echo = environment(ECHO)
    echo.start()
    assert invoke(echo, "first")[2] == "seen first\n"
    assert invoke(echo, "second")[2] == "seen second\n"
    assert echo.read_logs() == "seen first\nseen second\n"


def test_a_timeout_kills_the_process_and_the_next_invocation_gets_a_new_one(environment, monkeypatch):
    obedient = environment(OBEDIENT, timeout=600)
    obedient.start()
    first = obedient.process_id
    now = 0.0

    def monotonic():
        # The time passes only while the process hangs, however long the process needs until then.
        nonlocal now
        if obedient.process_id == first and "doing hang" in obedient.read_logs():
            now += 600
        return now

    monkeypatch.setattr(module, "time", SimpleNamespace(time=time.time, monotonic=monotonic))
    outcome, error, logs = invoke(obedient, "hang", "r-5")
    assert outcome.is_error
    assert error == {"errorType": "Sandbox.Timedout", "errorMessage": "r-5 Task timed out after 600.00 seconds"}
    assert logs == "doing hang\n"
    assert not is_alive(first)
    outcome, second, _ = invoke(obedient, "answer")
    assert not outcome.is_error
    assert second == obedient.process_id != first


def test_a_crash_during_an_invocation_fails_it_at_once_and_the_next_one_succeeds(environment):
    # The timeout is long, so that only the crash can end the invocation.
    obedient = environment(OBEDIENT, timeout=600)
    obedient.start()
    first = obedient.process_id
    outcome, error, _ = invoke(obedient, "die", "r-6")
    assert outcome.is_error
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"] == "RequestId: r-6 Error: Runtime exited with error: exit status 7"
    outcome, second, _ = invoke(obedient, "answer")
    assert not outcome.is_error and second != first


def test_an_error_that_the_function_reports_is_returned(environment):
    failing = environment(
        """
        with urllib.request.urlopen(f"{API}/invocation/next") as answer:
            request_id = answer.headers["Lambda-Runtime-Aws-Request-Id"]
        post(f"invocation/{request_id}/error", {"errorType": "Broken", "errorMessage": "why"})
        time.sleep(600)
        """
    )
    failing.start()
    outcome, error, _ = invoke(failing, 1)
    assert outcome.is_error
    assert error == {"errorType": "Broken", "errorMessage": "why"}


@pytest.mark.parametrize(
    ("source", "error_type"),
    [
        ("sys.exit(3)", "Runtime.ExitError"),
        ('post("init/error", {"errorType": "NoTable", "errorMessage": "why"}); time.sleep(600)', "NoTable"),
    ],
)
def test_a_bootstrap_that_does_not_start_returns_the_reason(environment, source, error_type):
    with pytest.raises(InitError) as raised:
        environment(source).start()
    assert json.loads(raised.value.payload)["errorType"] == error_type


def test_environments_run_side_by_side(environment):
    # Each invocation waits until all three run.
    meeting = """
    import pathlib
    def behave(event, headers):
        place = pathlib.Path(event)
        (place / str(os.getpid())).touch()
        while len(list(place.iterdir())) < 3:
            time.sleep(0.01)
        return os.getpid()
    serve(behave)
    """
    three = [environment(meeting) for _ in range(3)]
    place = three[0]._program.parent.parent / "meeting"
    place.mkdir()
    answers = []

    def run(each):
        each.start()
        answers.append(invoke(each, str(place))[1])

    threads = [threading.Thread(target=run, args=(each,)) for each in three]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(answers) == sorted(each.process_id for each in three)


def test_a_stop_ends_the_process_and_its_invocation(environment):
    obedient = environment(OBEDIENT, timeout=600)
    obedient.start()
    process_id = obedient.process_id
    outcomes = []
    running = threading.Thread(target=lambda: outcomes.append(invoke(obedient, "hang")))
    running.start()
    while "doing hang" not in obedient.read_logs():
        time.sleep(0.01)
    obedient.stop()
    running.join(timeout=20)
    assert not is_alive(process_id)
    assert outcomes[0][0].is_error
    # A stopped environment does not start again.
    outcome, error, _ = invoke(obedient, "answer")
    assert outcome.is_error and error["errorType"] == "Runtime.Stopped"


def test_a_stop_ends_a_start_that_hangs(environment):
    silent = environment("time.sleep(600)")
    raised = []

    def start():
        try:
            silent.start()
        except InitError as error:
            raised.append(error)

    starting = threading.Thread(target=start)
    starting.start()
    while silent.process_id is None:
        time.sleep(0.01)
    process_id = silent.process_id
    silent.stop()
    starting.join(timeout=20)
    assert raised and not is_alive(process_id)


def test_a_large_event_and_a_chunked_response_work(environment):
    chunked = environment(
        """
        import http.client
        with urllib.request.urlopen(f"{API}/invocation/next") as answer:
            request_id, body = answer.headers["Lambda-Runtime-Aws-Request-Id"], answer.read()
        connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        pieces = (body[at:at + 65536] for at in range(0, len(body), 65536))
        connection.request("POST", f"/2018-06-01/runtime/invocation/{request_id}/response", body=pieces, encode_chunked=True,
                           headers={"Transfer-Encoding": "chunked"})
        connection.getresponse().read()
        time.sleep(600)
        """
    )
    chunked.start()
    event = "x" * 5_000_000
    assert invoke(chunked, event)[1] == event
