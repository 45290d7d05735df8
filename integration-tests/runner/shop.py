"""Tries the shop that is deployed on LocalStack. Runs in the Python environment of LocalStack.

    python -m runner.shop --endpoint URL --catalog URL --covers BUCKET --failed QUEUE_URL

A book is added, a photo becomes its cover, a text becomes the reason of a refusal, and the deletion takes the pictures along. LocalStack
gives every event of S3 the same sequencer, so each book here gets one upload.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import boto3
from botocore.config import Config

PHOTO = Path(__file__).resolve().parents[2] / "shop/storefront/browser-tests/turned.jpg"
# The longest time in which an upload becomes a cover, in seconds.
COVER_TIMEOUT = 60.0
BOOK = {"isbn": "9783161484100", "title": "Zinc", "authors": ["Edith Carrow"], "price": "8.90", "currency": "EUR"}
OTHER = {**BOOK, "isbn": "9780306406157", "title": "Salt"}


def main() -> None:
    arguments = _parse_arguments()
    session = boto3.Session("localstack", "localstack", region_name="us-east-1")
    config = Config(proxies={}, retries={"max_attempts": 2})
    s3 = session.client("s3", endpoint_url=arguments.endpoint, config=config)
    sqs = session.client("sqs", endpoint_url=arguments.endpoint, config=config)
    books = f"{arguments.catalog}/books"

    for book in (BOOK, OTHER):
        status, answer, _ = _send("POST", books, book)
        _expect(status == 201, f"a book was not added: {status} {answer}")
    listed = _send("GET", f"{books}?q=zinc")[1]["books"]
    _expect([book["isbn"] for book in listed] == [BOOK["isbn"]], f"the book is not found: {listed}")

    _upload(books, BOOK["isbn"], PHOTO.read_bytes())
    cover = _wait_for_cover(books, BOOK["isbn"])
    _expect((cover["state"], cover["width"], cover["height"]) == ("ready", 200, 300), f"the photo is not upright: {cover}")
    pictures = [picture["path"] for picture in cover["pictures"]]
    for path in pictures:
        found = s3.get_object(Bucket=arguments.covers, Key=path)
        _expect(found["ContentType"] == "image/jpeg", f"{path} is no picture")

    _upload(books, OTHER["isbn"], b"A text whose name ends with .jpg.")
    refused = _wait_for_cover(books, OTHER["isbn"])
    _expect(refused == {"state": "refused", "reason": "unsupported_format"}, f"a text was not refused: {refused}")

    _, _, headers = _send("GET", f"{books}/{BOOK['isbn']}")
    status, _, _ = _send("DELETE", f"{books}/{BOOK['isbn']}", headers={"If-Match": headers["ETag"]})
    _expect(status == 204, f"the book was not deleted: {status}")
    left = s3.list_objects_v2(Bucket=arguments.covers).get("Contents", [])
    _expect(not left, f"pictures of a deleted book are left: {left}")
    count = sqs.get_queue_attributes(QueueUrl=arguments.failed, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    _expect(count["ApproximateNumberOfMessages"] == "0", f"events failed: {count}")
    print("the shop works: a book, its cover, a refusal, and a deletion")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    for name in ("endpoint", "catalog", "covers", "failed"):
        parser.add_argument(f"--{name}", required=True)
    return parser.parse_args()


def _expect(holds: bool, problem: str) -> None:
    if not holds:
        sys.exit(problem)


def _send(method: str, url: str, document=None, headers=None, body: bytes | None = None):
    """Sends a request. Returns the status, the document of the answer, and its headers."""
    if document is not None:
        body, headers = json.dumps(document).encode(), {"Content-Type": "application/json", **(headers or {})}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        answer = opener.open(urllib.request.Request(url, body, headers or {}, method=method), timeout=60)
    except urllib.error.HTTPError as failure:
        answer = failure
    text = answer.read()
    return answer.status, json.loads(text) if text.startswith(b"{") else None, answer.headers


def _upload(books: str, isbn: str, file: bytes) -> None:
    """Uploads a file by the form that the catalogue signs."""
    form = _send("POST", f"{books}/{isbn}/cover", {"content_type": "image/jpeg", "size": len(file)})[1]
    boundary = uuid.uuid4().hex
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form["fields"].items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'.encode()
    body = b"".join(parts) + head + file + f"\r\n--{boundary}--\r\n".encode()
    status, _, _ = _send("POST", form["url"], headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}, body=body)
    _expect(status == 204, f"the form was refused: {status}")


def _wait_for_cover(books: str, isbn: str) -> dict:
    deadline = time.monotonic() + COVER_TIMEOUT
    while time.monotonic() < deadline:
        cover = _send("GET", f"{books}/{isbn}")[1]["cover"]
        if cover["state"] != "none":
            return cover
        time.sleep(0.5)
    sys.exit(f"the upload for {isbn} did not become a cover in {COVER_TIMEOUT:.0f} seconds")


if __name__ == "__main__":
    main()
