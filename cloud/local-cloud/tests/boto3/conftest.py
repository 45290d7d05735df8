"""Fixtures: an unmodified boto3 that calls AWS_ENDPOINT_URL. It checks the protocols with a client that is not ours."""

import os
import uuid

import boto3
import pytest
from botocore.config import Config


@pytest.fixture(scope="session")
def endpoint():
    return os.environ["AWS_ENDPOINT_URL"]


@pytest.fixture(scope="session")
def client(endpoint):
    config = Config(retries={"max_attempts": 1, "mode": "standard"}, proxies={})

    def make(service):
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config,
        )

    return make


@pytest.fixture(scope="session")
def sqs(client):
    return client("sqs")


@pytest.fixture(scope="session")
def sns(client):
    return client("sns")


@pytest.fixture(scope="session")
def dynamodb(client):
    return client("dynamodb")


@pytest.fixture
def name():
    return "test-" + uuid.uuid4().hex[:12]


@pytest.fixture
def queue(sqs, name):
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    yield url
    try:
        sqs.delete_queue(QueueUrl=url)
    except sqs.exceptions.QueueDoesNotExist:
        pass


@pytest.fixture
def topic(sns, name):
    arn = sns.create_topic(Name=name)["TopicArn"]
    yield arn
    sns.delete_topic(TopicArn=arn)


@pytest.fixture
def code():
    """Return the error code of a call that must fail."""
    from botocore.exceptions import ClientError

    def of(call, **arguments):
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        return caught.value.response["Error"]["Code"]

    return of


@pytest.fixture
def arn_of(sqs):
    def of(url):
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    return of
