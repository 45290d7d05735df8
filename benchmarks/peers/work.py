"""The work that the programs do: their events, and the answers that count."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The ids of all orders of the floor begin so. Six digits of the invocation follow, and six of the order.
ID = "0199d3a0-5c1e-7b3a-9f57-"


class Batches:
    """Events of Lambda, each of distinct orders, which no other event has."""

    sizes = [10, 100]
    styles = {"sample": "sample", "batched": "batched"}
    # The floor's.
    answer = {"batchItemFailures": []}

    def __init__(self):
        self.message = json.loads((ROOT / "order-core/golden/message-v1.json").read_text())
        self.next = 0

    def reserve(self, count):
        """Six hexadecimal digits of the first of so many batches whose ids no event here will have."""
        first, self.next = self.next, self.next + count
        return f"{first:06x}"

    @staticmethod
    def is_success(answer):
        """Whether no message has failed."""
        return not answer["batchItemFailures"]

    @staticmethod
    def for_floor(request):
        """A recorded request with ids that the floor replaces: those of the events are such."""
        return request

    def event(self, size):
        run = self.reserve(1)
        return json.dumps({"Records": [self.record(run, number) for number in range(size)]}).encode()

    def record(self, run, number):
        body = self.message | {"order_id": f"{ID}{run}{number:06x}"}
        return {
            "messageId": f"059f36b4-87a3-44ab-83d2-{run}{number:06x}", "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a", "body": json.dumps(body),
            "attributes": {
                "ApproximateReceiveCount": "1", "SentTimestamp": "1795426500123", "SenderId": "AROAEXAMPLE:order-api",
                "ApproximateFirstReceiveTimestamp": "1795426500200", "MessageGroupId": "c-42",
            },
            "messageAttributes": {}, "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:orders",
        }  # fmt: skip


class Requests:
    """Requests `POST /orders` of API Gateway, each with an `Idempotency-Key` that no other one has, or without one."""

    sizes = [1]
    styles = {"sample": "api"}
    # The floor's.
    answer = {"statusCode": 202, "headers": {"content-type": "application/json"}, "body": "{}"}

    def __init__(self, has_keys=True):
        self.has_keys = has_keys
        self.request = json.loads((ROOT / "events/order-api-post.json").read_text())
        self.next = 0

    def reserve(self, count):
        """Six hexadecimal digits of the first of so many requests whose keys no other event will have."""
        first, self.next = self.next, self.next + count
        return f"{first:06x}"

    @staticmethod
    def is_success(answer):
        """Whether the order was accepted."""
        return answer["statusCode"] == 202

    @staticmethod
    def for_floor(request):
        """A recorded request with an id that the floor replaces. The order's is the only UUID of version 5, derived from the key, or of version 7."""
        return re.sub(rb"[0-9a-f]{8}-[0-9a-f]{4}-[57][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", f"{ID}{0:012x}".encode(), request)

    def event(self, _size):
        key = f'"checkout-{self.reserve(1)}"' if self.has_keys else None
        headers = with_key(self.request["headers"], key)
        lists = with_key(self.request["multiValueHeaders"], key and [key])
        return json.dumps(self.request | {"headers": headers, "multiValueHeaders": lists}).encode()


def list_event():
    """A request for the orders of a customer. It makes one call of DynamoDB, and writes nothing."""
    return (ROOT / "events/order-api-list.json").read_bytes()


def is_list(answer):
    """Whether it is the answer to such a request."""
    return answer["statusCode"] == 200


def with_key(headers, value):
    """The headers with this idempotency key, or without one."""
    others = {name: other for name, other in headers.items() if name != "Idempotency-Key"}
    return others | {"Idempotency-Key": value} if value else others
