"""Fixtures: an unmodified boto3 that calls AWS_ENDPOINT_URL. It checks the protocols with a client that is not ours.

The tests of SQS also run with boto3 1.26, which speaks the Query protocol. See `.ci/run boto3`.
"""

import json
import os
import urllib.error
import urllib.parse
import urllib.request
import uuid

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials


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


@pytest.fixture
def error():
    """Return (code, message, HTTP status) of a call that must fail."""
    from botocore.exceptions import ClientError

    def of(call, **arguments):
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        response = caught.value.response
        found = response["Error"]
        return found["Code"], found["Message"], response["ResponseMetadata"]["HTTPStatusCode"]

    return of


@pytest.fixture(scope="session")
def speaks_query(sqs):
    """Tell whether the installed boto3 is from before the JSON protocol of SQS."""
    return sqs.meta.service_model.metadata["protocol"] == "query"


@pytest.fixture(scope="session")
def http():
    """Send a signed request without an SDK. Return (status, text, content type)."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def send(method, url, service="sqs", signed=True, body=b"", headers=None, **parameters):
        query = urllib.parse.urlencode(parameters)
        request = AWSRequest(method, url + ("?" + query if query else ""), headers=headers or {}, data=body)
        if signed:
            SigV4Auth(Credentials("test", "test"), service, "us-east-1").add_auth(request)
        prepared = request.prepare()
        sent = urllib.request.Request(prepared.url, prepared.body or None, dict(prepared.headers), method=method)
        try:
            answer = opener.open(sent, timeout=30)
        except urllib.error.HTTPError as failure:
            answer = failure
        return answer.status, answer.read().decode(), answer.headers["Content-Type"]

    return send


@pytest.fixture
def limits(endpoint):
    """Change the limits of SQS, and restore them after the test."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    headers = {"Content-Type": "application/json"}

    def put(**change):
        request = urllib.request.Request(endpoint + "/_local/sqs", json.dumps(change).encode(), headers, method="PUT")
        return json.load(opener.open(request, timeout=30))

    before = put()
    yield put
    put(**before)


@pytest.fixture
def let_sns_in(sqs, arn_of):
    """Return a function that sets a queue policy. Without it, a queue refuses deliveries from SNS."""

    def give(url):
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn_of(url),
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})

    return give


@pytest.fixture
def subscribe(sns, topic, queue, arn_of, let_sns_in):
    let_sns_in(queue)

    def make(**attributes):
        return sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn_of(queue), Attributes=attributes, ReturnSubscriptionArn=True
        )["SubscriptionArn"]

    return make


@pytest.fixture(scope="session")
def s3(client):
    return client("s3")


@pytest.fixture
def bucket(s3, name):
    s3.create_bucket(Bucket=name)
    yield name
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=name):
        for found in page.get("Contents", []):
            s3.delete_object(Bucket=name, Key=found["Key"])
    s3.delete_bucket(Bucket=name)


@pytest.fixture(scope="session")
def send():
    """Send a request without an SDK. Return (status, body, headers)."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def call(method, url, body=None, headers=None):
        request = urllib.request.Request(url, body, headers or {}, method=method)
        try:
            answer = opener.open(request, timeout=30)
        except urllib.error.HTTPError as failure:
            answer = failure
        return answer.status, answer.read(), answer.headers

    return call
