"""S3: presigned URLs and forms, sent without an SDK as a browser does."""

import urllib.parse
import uuid

import boto3
import pytest
from botocore.config import Config

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


@pytest.fixture
def form(send):
    """Send a form with a file. Return (status, body, headers)."""

    def post(presigned, file, **changes):
        boundary = uuid.uuid4().hex
        fields = presigned["fields"] | changes
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'.encode()
        body = b"".join(parts) + head + file + f"\r\n--{boundary}--\r\n".encode()
        return send("POST", presigned["url"], body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    return post


@pytest.fixture(params=["s3", "s3v4"])
def presigner(request, endpoint):
    """Presign with both versions: boto3 chooses the older one unless it is told otherwise."""
    config = Config(signature_version=request.param)
    return boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config, **KEYS)


def test_a_url_to_read(s3, presigner, bucket, send):
    s3.put_object(Bucket=bucket, Key="a b+\u00e9", Body=b"x", ContentType="text/plain")
    url = presigner.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a b+\u00e9"}, ExpiresIn=60)
    status, body, headers = send("GET", url)
    assert (status, body, headers["Content-Type"]) == (200, b"x", "text/plain")
    params = {"Bucket": bucket, "Key": "a b+\u00e9", "ResponseContentType": "text/css"}
    url = presigner.generate_presigned_url("get_object", Params=params, ExpiresIn=60)
    assert send("GET", url)[2]["Content-Type"] == "text/css"


def test_a_url_to_write(s3, presigner, bucket, send):
    params = {"Bucket": bucket, "Key": "a", "ContentType": "image/png"}
    url = presigner.generate_presigned_url("put_object", Params=params, ExpiresIn=60)
    status, _, headers = send("PUT", url, b"x", {"Content-Type": "image/png"})
    assert status == 200 and headers["ETag"]
    assert s3.get_object(Bucket=bucket, Key="a")["ContentType"] == "image/png"


def test_an_expired_url(bucket, send, endpoint):
    config = Config(signature_version="s3v4")
    presigner = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", config=config, **KEYS)
    url = presigner.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a"}, ExpiresIn=60)
    before = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["X-Amz-Date"][0]
    # A year earlier than it was signed.
    earlier = f"{int(before[:4]) - 1}{before[4:]}"
    old = url.replace(before, earlier).replace(before[:8], earlier[:8])
    status, body, _ = send("GET", old)
    assert status == 403 and b"<Code>AccessDenied</Code>" in body and b"Request has expired" in body


def test_a_form(s3, presigner, bucket, form):
    conditions = [["content-length-range", 1, 10], {"Content-Type": "image/png"}]
    fields = {"Content-Type": "image/png"}
    post = presigner.generate_presigned_post(bucket, "covers/a", fields, conditions, ExpiresIn=60)
    status, body, _ = form(post, b"0123456789")
    assert status == 204, body
    found = s3.get_object(Bucket=bucket, Key="covers/a")
    assert (found["Body"].read(), found["ContentType"]) == (b"0123456789", "image/png")


def test_a_form_that_breaks_its_policy(s3, presigner, bucket, form):
    conditions = [["content-length-range", 2, 10], {"Content-Type": "image/png"}]
    post = presigner.generate_presigned_post(bucket, "a", {"Content-Type": "image/png"}, conditions, ExpiresIn=60)
    for file, changes, code in [
        (b"01234567890", {}, b"EntityTooLarge"),
        (b"0", {}, b"EntityTooSmall"),
        (b"0123", {"Content-Type": "text/html"}, b"AccessDenied"),
        (b"0123", {"key": "b"}, b"AccessDenied"),
    ]:
        status, body, _ = form(post, file, **changes)
        assert status == (403 if code == b"AccessDenied" else 400) and b"<Code>" + code + b"</Code>" in body, body
    status, body, _ = form(post, b"0123", key="b")
    assert b'Policy Condition failed: ["eq", "$key", "a"]' in body.replace(b"&quot;", b'"'), body
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
