"""`LAMBDA_RUNTIME_EXECUTOR=native`: functions of the runtime `provided.*` run as processes of this machine.

A function gets only the environment variables that LocalStack sets, and none of the developer. Its output goes to a file for
each execution environment in `ORDERS_FUNCTION_LOGS`, and to CloudWatch Logs.
"""

import os
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from .environment import Environment
from .runtime_api import InitError

LOOPBACK = "127.0.0.1"


class NativeExecutorPlugin(RuntimeExecutorPlugin):
    name = "native"

    def load(self, *args, **kwargs):
        return NativeExecutor


class NativeExecutor(RuntimeExecutor):
    """An execution environment, as LocalStack calls it."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id=id, function_version=function_version)
        self._environment: Environment | None = None

    def start(self, env_vars: dict[str, str]) -> None:
        code = Path(self.function_version.config.code.get_unzipped_code_location())
        variables = {name: str(value) for name, value in env_vars.items() if value is not None}
        variables |= {"PATH": os.defpath, "LAMBDA_TASK_ROOT": str(code), "NO_PROXY": LOOPBACK}
        logs = Path(os.environ["ORDERS_FUNCTION_LOGS"])
        self._environment = Environment(
            program=code / "bootstrap",
            variables=variables,
            timeout=float(self.function_version.config.timeout or 3),
            log=logs / f"{self.function_version.id.function_name}-{self.id}.log",
        )
        try:
            self._environment.start()
        except InitError as error:
            raise StatusErrorException("the function did not start", payload=error.payload) from error

    def stop(self) -> None:
        if self._environment is not None:
            self._environment.stop()

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        assert self._environment is not None, "LocalStack invokes only a started function"
        outcome, logs = self._environment.invoke(
            payload["invoke-id"],
            payload["invoked-function-arn"],
            payload["payload"].encode(),
            payload.get("trace-id") or "",
        )
        # LocalStack logs an error for an empty log.
        return InvocationResult(payload["invoke-id"], outcome.payload, is_error=outcome.is_error, logs=logs or "\n")

    def get_logs(self) -> str:
        return self._environment.read_logs() if self._environment else ""

    def get_address(self) -> str:
        return LOOPBACK

    def get_endpoint_from_executor(self) -> str:
        return LOOPBACK

    def get_runtime_endpoint(self) -> str:
        return f"http://{LOOPBACK}:{config.GATEWAY_LISTEN[0].port}"

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        if code := function_version.config.code:
            code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Does nothing: LocalStack removes the unpacked code with its own folder."""
