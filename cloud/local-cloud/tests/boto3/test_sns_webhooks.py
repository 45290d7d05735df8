"""SNS: messages to an HTTP endpoint: confirmation, headers, signatures, retries and the dead-letter queue.

docs/AWS-COMPATIBILITY.md names these tests.
"""

import json
import os
import queue
import re
import ssl
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from sns_message_validator import SNSMessageValidator

AGENT = "Amazon Simple Notification Service Agent"
PLAIN = "text/plain; charset=UTF-8"


class Webhook:
    """An endpoint that keeps its requests, and answers with the given statuses first. With a TLS context it speaks HTTPS."""

    def __init__(self, tls=None):
        requests, statuses, refusals = queue.Queue(), queue.Queue(), queue.Queue()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                requests.put((dict((k.lower(), v) for k, v in self.headers.items()), body))
                self.send_response(statuses.get_nowait() if not statuses.empty() else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def get_request(self):
                connection, address = super().get_request()
                try:
                    return (tls.wrap_socket(connection, server_side=True) if tls else connection), address
                except ssl.SSLError as error:
                    refusals.put(error.reason)
                    raise  # The server ends this connection, and goes on.

        self.requests, self.statuses, self.refusals = requests, statuses, refusals
        self.server = Server(("127.0.0.1", 0), Handler)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://127.0.0.1:{self.server.server_port}/hook?secret=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next(self):
        return self.requests.get(timeout=30)


    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def webhook():
    made = Webhook()
    yield made
    made.close()


@pytest.fixture
def trusted():
    """An HTTPS endpoint whose authority the system trusts: the one of the file in SSL_CERT_FILE (`.ci/run boto3`)."""
    folder = Path(os.environ["HTTPS_WEBHOOK_CERTIFICATE"])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "server.pem", folder / "server.key")
    made = Webhook(tls)
    yield made
    made.close()


@pytest.fixture
def untrusted():
    """An HTTPS endpoint whose authority nobody trusts."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    made = Webhook(tls)
    yield made
    made.close()


@pytest.fixture
def confirmed(sns, topic, webhook):
    """Subscribe the webhook, confirm it by the token, and return its ARN."""

    def make(**attributes):
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=webhook.url, Attributes=attributes)
        token = json.loads(webhook.next()[1])["Token"]
        return sns.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"]

    return make


@pytest.fixture
def validate(endpoint):
    pattern = "^" + re.escape(endpoint) + "/SimpleNotificationService-[0-9a-f]{32}[.]pem$"
    return SNSMessageValidator(cert_url_regex=pattern).validate_message


def test_confirmation(sns, topic, webhook, validate, endpoint):
    """The endpoint visits the link in the message, without a signature."""
    answer = sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=webhook.url)
    assert answer["SubscriptionArn"] == "pending confirmation"
    headers, body = webhook.next()
    message = json.loads(body)
    assert list(message) == [
        "Type",
        "MessageId",
        "Token",
        "TopicArn",
        "Message",
        "SubscribeURL",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
    ]
    assert message["Type"] == "SubscriptionConfirmation"
    assert message["Message"] == (
        f"You have chosen to subscribe to the topic {topic}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message."
    )
    url = f"{endpoint}/?Action=ConfirmSubscription&TopicArn={topic}&Token={message['Token']}"
    assert message["SubscribeURL"] == url
    assert re.fullmatch("[0-9a-f]{288}", message["Token"])
    validate(message)
    assert (headers["user-agent"], headers["content-type"]) == (AGENT, PLAIN)
    assert headers["accept-encoding"] == "gzip,deflate"
    assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert headers["x-amz-sns-message-id"] == message["MessageId"]
    assert headers["x-amz-sns-topic-arn"] == topic
    assert "x-amz-sns-subscription-arn" not in headers
    (pending,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (pending["SubscriptionArn"], pending["Protocol"]) == ("PendingConfirmation", "http")
    found = urllib.request.urlopen(url).read().decode()
    arn = re.search("<SubscriptionArn>(.*)</SubscriptionArn>", found)[1]
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert (attributes["PendingConfirmation"], attributes["ConfirmationWasAuthenticated"]) == ("false", "false")
    # Confirming is idempotent.
    assert sns.confirm_subscription(TopicArn=topic, Token=message["Token"])["SubscriptionArn"] == arn


def test_subscribe_again_asks_again(sns, topic, webhook):
    for _ in range(2):
        sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=webhook.url)
        assert json.loads(webhook.next()[1])["Type"] == "SubscriptionConfirmation"
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1


def test_notification(sns, topic, webhook, confirmed, validate):
    arn = confirmed()
    attributes = {"a": {"DataType": "String", "StringValue": "x"}}
    published = sns.publish(TopicArn=topic, Message="two\nlines ✓", Subject="s", MessageAttributes=attributes)
    headers, body = webhook.next()
    message = json.loads(body)
    validate(message)
    assert (message["Message"], message["Subject"]) == ("two\nlines ✓", "s")
    assert message["MessageAttributes"] == {"a": {"Type": "String", "Value": "x"}}
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert headers["x-amz-sns-message-id"] == message["MessageId"] == published["MessageId"]
    assert headers["x-amz-sns-subscription-arn"] == arn
    assert headers["content-type"] == PLAIN
    assert "x-amz-sns-rawdelivery" not in headers


def test_raw_notification(sns, topic, webhook, confirmed):
    policy = {"requestPolicy": {"headerContentType": "application/json"}}
    confirmed(RawMessageDelivery="true", DeliveryPolicy=json.dumps(policy))
    sns.publish(TopicArn=topic, Message='{"default": "d", "http": "{}"}', MessageStructure="json")
    headers, body = webhook.next()
    assert body == "{}"
    assert (headers["x-amz-sns-rawdelivery"], headers["content-type"]) == ("true", "application/json")


def test_delivery_policy(sns, topic, webhook, confirmed):
    arn = confirmed(DeliveryPolicy=json.dumps({"requestPolicy": {"headerContentType": "text/csv"}}))
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert json.loads(attributes["DeliveryPolicy"]) == {
        "healthyRetryPolicy": None,
        "sicklyRetryPolicy": None,
        "throttlePolicy": None,
        "requestPolicy": {"headerContentType": "text/csv"},
        "guaranteed": False,
    }
    effective = json.loads(attributes["EffectiveDeliveryPolicy"])
    assert (effective["healthyRetryPolicy"]["numRetries"], effective["healthyRetryPolicy"]["minDelayTarget"]) == (3, 20)
    assert effective["requestPolicy"] == {"headerContentType": "text/csv"}


RETRY_AT_ONCE = json.dumps({"healthyRetryPolicy": {"numRetries": 2, "numNoDelayRetries": 2}})


def test_retries(sns, topic, webhook, confirmed):
    confirmed(DeliveryPolicy=RETRY_AT_ONCE)
    for status in (500, 503):
        webhook.statuses.put(status)
    sns.publish(TopicArn=topic, Message="m")
    bodies = {webhook.next()[1] for _ in range(3)}
    assert len(bodies) == 1
    sns.publish(TopicArn=topic, Message="next")
    assert json.loads(webhook.next()[1])["Message"] == "next"


@pytest.mark.parametrize("statuses", [[500, 502, 599], [404]])
def test_dead_letters(sns, sqs, topic, webhook, confirmed, name, let_sns_in, arn_of, statuses):
    """After the last retry, and at once when the endpoint refuses the message."""
    letters = sqs.create_queue(QueueName=name)["QueueUrl"]
    let_sns_in(letters)
    policy = json.dumps({"deadLetterTargetArn": arn_of(letters)})
    confirmed(RedrivePolicy=policy, DeliveryPolicy=RETRY_AT_ONCE)
    for status in statuses:
        webhook.statuses.put(status)
    sns.publish(TopicArn=topic, Message="m")
    sent = {webhook.next()[1] for _ in statuses}
    (letter,) = sqs.receive_message(QueueUrl=letters, WaitTimeSeconds=20)["Messages"]
    assert sent == {letter["Body"]}


def test_unsubscribe_by_the_link_can_be_undone(sns, topic, webhook, confirmed, validate):
    arn = confirmed()
    sns.publish(TopicArn=topic, Message="m")
    urllib.request.urlopen(json.loads(webhook.next()[1])["UnsubscribeURL"]).read()
    headers, body = webhook.next()
    message = json.loads(body)
    assert (message["Type"], headers["x-amz-sns-subscription-arn"]) == ("UnsubscribeConfirmation", arn)
    assert message["Message"].startswith(f"You have chosen to deactivate subscription {arn}.\n")
    validate(message)
    sns.publish(TopicArn=topic, Message="not delivered")
    urllib.request.urlopen(message["SubscribeURL"]).read()
    sns.publish(TopicArn=topic, Message="delivered")
    assert json.loads(webhook.next()[1])["Message"] == "delivered"


def test_authenticate_on_unsubscribe(sns, topic, webhook):
    sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=webhook.url)
    token = json.loads(webhook.next()[1])["Token"]
    confirmed = sns.confirm_subscription(TopicArn=topic, Token=token, AuthenticateOnUnsubscribe="true")
    arn = confirmed["SubscriptionArn"]
    attributes = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes["ConfirmationWasAuthenticated"] == "true"
    sns.publish(TopicArn=topic, Message="m")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(json.loads(webhook.next()[1])["UnsubscribeURL"])
    assert refused.value.code == 403
    sns.unsubscribe(SubscriptionArn=arn)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_https(sns, topic, trusted, untrusted):
    """The certificate of an HTTPS endpoint is checked before anything is sent to it."""
    for webhook in (untrusted, trusted):
        sns.subscribe(TopicArn=topic, Protocol="https", Endpoint=webhook.url)
    assert untrusted.refusals.get(timeout=30) == "TLSV1_ALERT_UNKNOWN_CA"
    token = json.loads(trusted.next()[1])["Token"]
    sns.confirm_subscription(TopicArn=topic, Token=token)
    sns.publish(TopicArn=topic, Message="over TLS")
    assert json.loads(trusted.next()[1])["Message"] == "over TLS"
    assert (untrusted.requests.empty(), trusted.refusals.empty()) == (True, True)


def test_endpoints(sns, topic, error):
    subscribe = lambda protocol, url: error(sns.subscribe, TopicArn=topic, Protocol=protocol, Endpoint=url)
    match = ("InvalidParameter", "Invalid parameter: Endpoint must match the specified protocol", 400)
    assert subscribe("http", "https://127.0.0.1/") == subscribe("https", "http://127.0.0.1/") == match
    code, message, _ = subscribe("http", "http://example.com/")
    assert (code, "this machine only" in message) == ("InvalidParameter", True)
