"""Reads the facts of a stack that the suite needs, and makes a mailbox that the suite can read. Needs boto3."""

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from .api_url import api_url
from .failure import Failure

# The parameters that the tests need: a redrive after few receives, and an email for each order.
PARAMETERS = {"MaxRetrySeconds": "60", "DigestThreshold": "100"}


def read_variables(stack: str, region: str | None, profile: str | None) -> dict[str, str]:
    """Returns the environment variables of the suite."""
    session = boto3.Session(region_name=region, profile_name=profile)
    try:
        cloudformation = session.client("cloudformation")
        [description] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        resource = cloudformation.describe_stack_resource(StackName=stack, LogicalResourceId="Api")
        credentials = session.get_credentials().get_frozen_credentials()
    except (BotoCoreError, ClientError) as error:
        raise Failure(f"the stack {stack} cannot be read: {error}") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in description["Outputs"]}
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in description["Parameters"]}
    _check(stack, parameters)
    found = {
        "ORDERS_STACK": stack,
        "ORDERS_NAME_PREFIX": parameters.get("NamePrefix", ""),
        "ORDERS_API_URL": api_url(outputs["ApiUrl"], resource["StackResourceDetail"]["PhysicalResourceId"], os.environ.get("AWS_ENDPOINT_URL")),
        "AWS_REGION": session.region_name,
        "AWS_ACCESS_KEY_ID": credentials.access_key,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_key,
    }
    if credentials.token:
        found["AWS_SESSION_TOKEN"] = credentials.token
    return found


def _check(stack: str, parameters: dict[str, str]) -> None:
    wrong = [f"{name} is {parameters.get(name)} and should be {value}" for name, value in PARAMETERS.items() if parameters.get(name) != value]
    if parameters.get("ApiAuth") == "AWS_IAM":
        wrong.append("ApiAuth is AWS_IAM, but the suite does not sign requests: use NONE or API_KEY")
    if parameters.get("ApiAuth") == "API_KEY" and not os.environ.get("ORDERS_API_KEY"):
        wrong.append("ApiAuth is API_KEY, but ORDERS_API_KEY is not set")
    if wrong:
        raise Failure(f"the stack {stack} is not deployed for the suite: {'; '.join(wrong)}")


@contextmanager
def open_mailbox(stack: str, region: str | None, profile: str | None) -> Iterator[str]:
    """Makes a queue that is subscribed to the emails. It is also the confirmed subscriber that notifier needs."""
    session = boto3.Session(region_name=region, profile_name=profile)
    sqs, sns = session.client("sqs"), session.client("sns")
    [description] = session.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    [topic] = [output["OutputValue"] for output in description["Outputs"] if output["OutputKey"] == "OrderEmailsTopicArn"]
    name = f"orders-suite-mail-{uuid.uuid4()}"
    queue_arn = ":".join([*topic.replace(":sns:", ":sqs:").split(":")[:-1], name])
    policy = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        },
    }
    queue_url = sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(policy)})["QueueUrl"]
    try:
        subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, ReturnSubscriptionArn=True)["SubscriptionArn"]
        try:
            yield queue_url
        finally:
            sns.unsubscribe(SubscriptionArn=subscription)
    finally:
        sqs.delete_queue(QueueUrl=queue_url)
