"""Rehearses "Restoring the table" of docs/DEPLOY.md on LocalStack. Runs in the Python environment of LocalStack.

    python -m runner.restore --endpoint URL --stack NAME --api URL

Neither LocalStack nor the tables of this project can restore a table to a point in time. A new table with the keys and indexes of the old one and a
copy of its rows stands for the result of a restore. All that follows is the instruction: an update of the deployed stack with `RestoredTableName`, and
the way back. Between the two the functions must read the old rows and write the new ones in the restored table, and nothing in the stack's own.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

from .deployment import BUCKET

ORDER = json.loads((Path(__file__).resolve().parents[2] / "events/order.json").read_text())
RESTORED = "orders-restored"
# The longest time in which an order is stored and emailed, and in which functions have their new settings, in seconds.
TIMEOUT = 120.0


def main() -> None:
    arguments = _parse_arguments()
    session = boto3.Session("localstack", "localstack", region_name="us-east-1")
    config = Config(proxies={}, retries={"max_attempts": 2}, read_timeout=120)
    cloudformation = session.client("cloudformation", endpoint_url=arguments.endpoint, config=config)
    dynamodb = session.client("dynamodb", endpoint_url=arguments.endpoint, config=config)
    s3 = session.client("s3", endpoint_url=arguments.endpoint, config=config)
    api = arguments.api
    own = _outputs(cloudformation, arguments.stack)["OrdersTableName"]

    before = _place(api)
    _wait("an order is emailed", lambda: _status(api, before) == "notified")
    _copy(dynamodb, own, RESTORED)
    dynamodb.delete_item(TableName=own, Key=_key(before))
    _expect(_status(api, before) != "notified", "the lost row is still read")

    _update(cloudformation, s3, arguments.stack, RESTORED)
    _expect(_outputs(cloudformation, arguments.stack)["OrdersTableName"] == RESTORED, "the output names another table")
    _wait("the order is read from the restored table", lambda: _status(api, before) == "notified")
    after = _place(api)
    _wait("a new order is emailed", lambda: _status(api, after) == "notified")
    _expect(_has_row(dynamodb, RESTORED, after), "the new order is not in the restored table")
    _expect(not _has_row(dynamodb, own, after), "the new order is in the table of the stack")

    _update(cloudformation, s3, arguments.stack, "")
    _expect(_outputs(cloudformation, arguments.stack)["OrdersTableName"] == own, "the output names another table")
    last = _place(api)
    _wait("an order is emailed from the stack's own table again", lambda: _status(api, last) == "notified" and _has_row(dynamodb, own, last))
    dynamodb.delete_table(TableName=RESTORED)
    print("a restored table can be used: old rows are read, new ones are written there, and the way back works")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("endpoint", "stack", "api"):
        parser.add_argument(f"--{name}", required=True)
    return parser.parse_args()


def _expect(holds: bool, problem: str) -> None:
    if not holds:
        sys.exit(problem)


def _wait(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not holds():
        _expect(time.monotonic() < deadline, f"not in {TIMEOUT:.0f} seconds: {what}")
        time.sleep(0.5)


def _send(method: str, url: str, document: dict | None = None) -> tuple[int, dict]:
    body = None if document is None else json.dumps(document).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        answer = opener.open(urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method), timeout=60)
    except urllib.error.HTTPError as failure:
        answer = failure
    return answer.status, json.loads(answer.read() or b"{}")


def _place(api: str) -> str:
    status, answer = _send("POST", f"{api}/orders", ORDER)
    _expect(status == 202, f"an order was not accepted: {status} {answer}")
    return answer["order_id"]


def _status(api: str, order: str) -> str | None:
    """The status of an order, or None for one that is not found."""
    status, answer = _send("GET", f"{api}/orders/{order}")
    return answer["status"] if status == 200 else None


def _key(order: str) -> dict:
    return {"order_id": {"S": order}}


def _has_row(dynamodb, table: str, order: str) -> bool:
    return "Item" in dynamodb.get_item(TableName=table, Key=_key(order), ConsistentRead=True)


def _copy(dynamodb, source: str, target: str) -> None:
    """Makes the table that a restore would make."""
    table = dynamodb.describe_table(TableName=source)["Table"]
    indexes = [{name: index[name] for name in ("IndexName", "KeySchema", "Projection")} for index in table["GlobalSecondaryIndexes"]]
    dynamodb.create_table(
        TableName=target,
        KeySchema=table["KeySchema"],
        AttributeDefinitions=table["AttributeDefinitions"],
        GlobalSecondaryIndexes=indexes,
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName=target, WaiterConfig={"Delay": 1})
    for page in dynamodb.get_paginator("scan").paginate(TableName=source, ConsistentRead=True):
        for row in page["Items"]:
            dynamodb.put_item(TableName=target, Item=row)


def _outputs(cloudformation, stack: str) -> dict[str, str]:
    [description] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}


def _update(cloudformation, s3, stack: str, restored: str) -> None:
    """`make deploy PARAMETERS="RestoredTableName=..."`: a change set, and every other parameter keeps its value.

    LocalStack updates a stack only by the template that SAM has transformed, and cannot describe a change set of it.
    """
    template = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    s3.put_object(Bucket=BUCKET, Key=f"{stack}.json", Body=json.dumps(template).encode())
    [description] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    parameters = [{"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in description["Parameters"]]
    parameters = [one for one in parameters if one["ParameterKey"] != "RestoredTableName"]
    name = f"restore-{time.monotonic_ns()}"
    try:
        cloudformation.create_change_set(
            StackName=stack,
            ChangeSetName=name,
            ChangeSetType="UPDATE",
            TemplateURL=f"{s3.meta.endpoint_url}/{BUCKET}/{stack}.json",
            Parameters=[*parameters, {"ParameterKey": "RestoredTableName", "ParameterValue": restored}],
            Capabilities=["CAPABILITY_IAM"],
        )
        _wait("the change set is there", lambda: name in _complete_change_sets(cloudformation, stack))
        cloudformation.execute_change_set(StackName=stack, ChangeSetName=name)
        often = {"Delay": 1, "MaxAttempts": 600}
        cloudformation.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig=often)
    except (ClientError, WaiterError) as error:
        sys.exit(f"the stack was not updated: {error}")


def _complete_change_sets(cloudformation, stack: str) -> list[str]:
    summaries = cloudformation.list_change_sets(StackName=stack)["Summaries"]
    return [one["ChangeSetName"] for one in summaries if one["Status"] == "CREATE_COMPLETE"]


if __name__ == "__main__":
    main()
