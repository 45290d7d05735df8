"""The executor that LocalStack calls: function versions in, results and errors out."""

import json
from types import SimpleNamespace

import pytest
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.runtime_executor import EXECUTOR_PLUGIN_MANAGER

from orders_localstack.executor import NativeExecutor, NativeExecutorPlugin

PAYLOAD = {"invoke-id": "r-1", "invoked-function-arn": "arn", "payload": '"answer"', "trace-id": "Root=1"}


@pytest.fixture
def executor(environment, tmp_path, monkeypatch):
    """Makes an executor from the source of a bootstrap."""
    monkeypatch.setenv("ORDERS_FUNCTION_LOGS", str(tmp_path))
    made = []

    def make(source):
        code = environment(source)._program.parent
        config = SimpleNamespace(timeout=20, code=SimpleNamespace(get_unzipped_code_location=lambda: code))
        version = SimpleNamespace(config=config, id=SimpleNamespace(function_name="order-api"))
        made.append(NativeExecutor("e1", version))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def test_an_invocation_gives_its_answer_and_its_log(executor, tmp_path):
    native = executor(
        """
        def behave(event, headers):
            print("working", flush=True)
            return {name: os.environ.get(name) for name in ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "LAMBDA_TASK_ROOT", "HOME", "NO_PROXY")}
        serve(behave)
        """
    )
    # LocalStack passes numbers, too.
    native.start({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": 256, "LAMBDA_TASK_ROOT": "/var/task"})
    result = native.invoke(PAYLOAD)
    variables = json.loads(result.payload)
    assert not result.is_error
    assert variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert variables["LAMBDA_TASK_ROOT"] != "/var/task"
    assert variables["HOME"] is None
    assert variables["NO_PROXY"] == "127.0.0.1"
    assert result.logs == "working\n"
    assert (tmp_path / "order-api-e1.log").read_text() == "working\n"


def test_a_function_that_does_not_start_is_reported_to_localstack(executor):
    with pytest.raises(StatusErrorException) as raised:
        executor("sys.exit(1)").start({})
    assert json.loads(raised.value.payload)["errorType"] == "Runtime.ExitError"


def test_an_executor_that_never_started_can_be_stopped(executor):
    executor("").stop()


def test_the_plugin_names_the_executor():
    assert NativeExecutorPlugin().load() is NativeExecutor
    assert NativeExecutorPlugin.namespace == EXECUTOR_PLUGIN_MANAGER.namespace
