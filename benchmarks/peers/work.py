"""The work that the programs do: their events, and the answers that count."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Batches:
    """Events of Lambda, each of distinct orders, which no other event has."""

    sizes = [10, 100]

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

    def event(self, size):
        run = self.reserve(1)
        return json.dumps({"Records": [self.record(run, number) for number in range(size)]}).encode()

    def record(self, run, number):
        body = self.message | {"order_id": f"0199d3a0-5c1e-7b3a-9f57-{run}{number:06x}"}
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
    """Requests `POST /orders` of API Gateway, each with an `Idempotency-Key` that no other one has."""

    sizes = [1]

    def __init__(self):
        self.request = json.loads((ROOT / "events/order-api-post.json").read_text())
        self.next = 0

    def reserve(self, count):
        """The number of the first of so many requests whose keys no other event will have."""
        first, self.next = self.next, self.next + count
        return str(first)

    @staticmethod
    def is_success(answer):
        """Whether the order was accepted."""
        return answer["statusCode"] == 202

    def event(self, _size):
        key = f'"checkout-{self.reserve(1)}"'
        headers = self.request["headers"] | {"Idempotency-Key": key}
        lists = self.request["multiValueHeaders"] | {"Idempotency-Key": [key]}
        return json.dumps(self.request | {"headers": headers, "multiValueHeaders": lists}).encode()
