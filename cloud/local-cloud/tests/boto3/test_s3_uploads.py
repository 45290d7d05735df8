"""S3: multipart uploads, by calls of their own and by boto3's transfer manager."""

import hashlib
import io

import pytest
from boto3.s3.transfer import TransferConfig

MIB = 1024 * 1024


@pytest.fixture
def upload(s3, bucket):
    begun = s3.create_multipart_upload(Bucket=bucket, Key="a", ContentType="image/png", Metadata={"n": "1"})
    return {"Bucket": bucket, "Key": "a", "UploadId": begun["UploadId"]}


def digest_of(parts):
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


def test_an_object_of_parts(s3, upload, bucket, error):
    bodies = [b"1" * 5 * MIB, b"2" * 5 * MIB, b"3"]
    parts = []
    for number, body in enumerate(bodies, 1):
        etag = s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"]
        assert etag == f'"{hashlib.md5(body).hexdigest()}"'
        parts.append({"PartNumber": number, "ETag": etag})
    listed = s3.list_parts(**upload)
    assert [(part["PartNumber"], part["Size"]) for part in listed["Parts"]] == [(1, 5 * MIB), (2, 5 * MIB), (3, 1)]
    assert [found["UploadId"] for found in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == [upload["UploadId"]]
    # The object shows at the end alone.
    assert error(s3.head_object, Bucket=bucket, Key="a")[2] == 404
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert done["ETag"] == digest_of(bodies)
    found = s3.get_object(Bucket=bucket, Key="a")
    assert found["Body"].read() == b"".join(bodies)
    assert (found["ContentType"], found["Metadata"]) == ("image/png", {"n": "1"})
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    again = error(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": parts})
    assert again[::2] == ("NoSuchUpload", 404)


def test_a_part_that_is_sent_again_replaces_the_first(s3, upload, bucket):
    s3.upload_part(**upload, PartNumber=1, Body=b"first")
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"second")["ETag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"second"


def test_wrong_parts(s3, upload, error):
    small = [s3.upload_part(**upload, PartNumber=number, Body=b"x")["ETag"] for number in (1, 2)]

    def completed(*parts):
        listed = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
        return error(s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": listed})[0]

    assert completed((1, small[0]), (2, small[1])) == "EntityTooSmall"
    assert completed((2, small[1]), (1, small[0])) == "InvalidPartOrder"
    assert completed((1, '"0"')) == "InvalidPart"
    assert completed((3, small[0])) == "InvalidPart"
    assert completed() == "MalformedXML"
    assert error(s3.upload_part, **upload, PartNumber=10001, Body=b"x")[::2] == ("InvalidArgument", 400)


def test_an_aborted_upload_is_gone(s3, upload, bucket, error):
    s3.upload_part(**upload, PartNumber=1, Body=b"x")
    s3.abort_multipart_upload(**upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert error(s3.upload_part, **upload, PartNumber=1, Body=b"x")[::2] == ("NoSuchUpload", 404)
    assert error(s3.abort_multipart_upload, **upload)[::2] == ("NoSuchUpload", 404)


def test_a_completion_can_have_a_condition(s3, upload, bucket, error):
    s3.put_object(Bucket=bucket, Key="a", Body=b"there")
    etag = s3.upload_part(**upload, PartNumber=1, Body=b"x")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    refused = error(s3.complete_multipart_upload, **upload, MultipartUpload=parts, IfNoneMatch="*")
    assert refused[::2] == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"there"


def test_a_part_can_be_a_range_of_an_object(s3, upload, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    source = {"Bucket": bucket, "Key": "source"}
    copied = s3.upload_part_copy(**upload, PartNumber=1, CopySource=source, CopySourceRange="bytes=2-5")
    etag = copied["CopyPartResult"]["ETag"]
    s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"2345"


def test_the_transfer_manager(s3, bucket, tmp_path):
    body = bytes(range(256)) * 4096 * 12
    config = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB, max_concurrency=4)
    s3.upload_fileobj(io.BytesIO(body), bucket, "big", Config=config, ExtraArgs={"ContentType": "image/webp"})
    head = s3.head_object(Bucket=bucket, Key="big")
    assert (head["ContentLength"], head["ContentType"]) == (len(body), "image/webp")
    assert head["ETag"] == digest_of([body[at : at + 5 * MIB] for at in range(0, len(body), 5 * MIB)])
    s3.download_file(bucket, "big", str(tmp_path / "big"), Config=config)
    assert (tmp_path / "big").read_bytes() == body
    s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "copy", Config=config)
    assert s3.head_object(Bucket=bucket, Key="copy")["ContentLength"] == len(body)
