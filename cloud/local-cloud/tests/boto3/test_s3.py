"""S3: buckets, objects and listings."""

import base64
import hashlib

import pytest


def keys(page):
    return [found["Key"] for found in page.get("Contents", [])]


def test_buckets(s3, name, error):
    assert error(s3.head_bucket, Bucket=name)[::2] == ("404", 404)
    s3.create_bucket(Bucket=name)
    assert error(s3.create_bucket, Bucket=name)[::2] == ("BucketAlreadyOwnedByYou", 409)
    assert name in [found["Name"] for found in s3.list_buckets()["Buckets"]]
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] is None
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    assert error(s3.delete_bucket, Bucket=name)[::2] == ("BucketNotEmpty", 409)
    s3.delete_object(Bucket=name, Key="a")
    s3.delete_bucket(Bucket=name)
    assert error(s3.list_objects_v2, Bucket=name)[::2] == ("NoSuchBucket", 404)
    assert error(s3.put_object, Bucket=name, Key="a", Body=b"x")[::2] == ("NoSuchBucket", 404)
    assert error(s3.delete_bucket, Bucket=name)[::2] == ("NoSuchBucket", 404)


def test_an_object_is_read_as_it_was_written(s3, bucket):
    body = b"a cover"
    put = s3.put_object(
        Bucket=bucket,
        Key="covers/a b+c%20\u00e9.jpg",
        Body=body,
        ContentType="image/jpeg",
        CacheControl="public, max-age=31536000",
        ContentDisposition="inline",
        ContentLanguage="en",
        ContentEncoding="identity",
        Metadata={"width": "320"},
    )
    assert put["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    found = s3.get_object(Bucket=bucket, Key="covers/a b+c%20\u00e9.jpg")
    assert found["Body"].read() == body
    head = s3.head_object(Bucket=bucket, Key="covers/a b+c%20\u00e9.jpg")
    for answer in (found, head):
        assert answer["ContentType"] == "image/jpeg"
        assert answer["CacheControl"] == "public, max-age=31536000"
        assert answer["ContentDisposition"] == "inline"
        assert answer["ContentLanguage"] == "en"
        assert answer["ContentEncoding"] == "identity"
        assert answer["Metadata"] == {"width": "320"}
        assert answer["ContentLength"] == len(body)
        assert answer["AcceptRanges"] == "bytes"
        assert answer["ETag"] == put["ETag"]


def test_an_object_without_a_type_gets_the_default(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"")
    found = s3.get_object(Bucket=bucket, Key="a")
    assert (found["ContentType"], found["ContentLength"], found["Body"].read()) == ("binary/octet-stream", 0, b"")


def test_ranges(s3, bucket, error):
    s3.put_object(Bucket=bucket, Key="a", Body=b"0123456789")

    def part(value):
        found = s3.get_object(Bucket=bucket, Key="a", Range=value)
        return found["ResponseMetadata"]["HTTPStatusCode"], found["ContentRange"], found["Body"].read()

    assert part("bytes=0-3") == (206, "bytes 0-3/10", b"0123")
    assert part("bytes=8-") == (206, "bytes 8-9/10", b"89")
    assert part("bytes=-3") == (206, "bytes 7-9/10", b"789")
    assert part("bytes=5-100") == (206, "bytes 5-9/10", b"56789")
    assert error(s3.get_object, Bucket=bucket, Key="a", Range="bytes=10-")[::2] == ("InvalidRange", 416)


def test_missing_objects(s3, bucket, error):
    assert error(s3.get_object, Bucket=bucket, Key="a") == ("NoSuchKey", "The specified key does not exist.", 404)
    assert error(s3.head_object, Bucket=bucket, Key="a")[::2] == ("404", 404)
    s3.delete_object(Bucket=bucket, Key="a")


def test_conditional_reads(s3, bucket, error):
    put = s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    etag = put["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="a")["LastModified"]
    assert s3.get_object(Bucket=bucket, Key="a", IfMatch=etag)["Body"].read() == b"x"
    assert error(s3.get_object, Bucket=bucket, Key="a", IfMatch='"0"')[::2] == ("PreconditionFailed", 412)
    assert error(s3.get_object, Bucket=bucket, Key="a", IfNoneMatch=etag)[2] == 304
    assert s3.get_object(Bucket=bucket, Key="a", IfNoneMatch='"0"')["Body"].read() == b"x"
    assert error(s3.get_object, Bucket=bucket, Key="a", IfModifiedSince=modified)[2] == 304
    assert s3.get_object(Bucket=bucket, Key="a", IfUnmodifiedSince=modified)["Body"].read() == b"x"


def test_conditional_writes(s3, bucket, error):
    first = s3.put_object(Bucket=bucket, Key="a", Body=b"1", IfNoneMatch="*")
    assert error(s3.put_object, Bucket=bucket, Key="a", Body=b"2", IfNoneMatch="*")[::2] == ("PreconditionFailed", 412)
    s3.put_object(Bucket=bucket, Key="a", Body=b"2", IfMatch=first["ETag"])
    assert error(s3.put_object, Bucket=bucket, Key="a", Body=b"3", IfMatch=first["ETag"])[0] == "PreconditionFailed"
    assert error(s3.put_object, Bucket=bucket, Key="b", Body=b"3", IfMatch=first["ETag"])[::2] == ("NoSuchKey", 404)
    assert error(s3.put_object, Bucket=bucket, Key="a", Body=b"3", IfNoneMatch='"0"')[::2] == ("NotImplemented", 501)
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"2"


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_checksums(s3, bucket, algorithm, error):
    if algorithm in ("CRC32C", "CRC64NVME"):
        pytest.importorskip("awscrt", reason="botocore computes this checksum with awscrt alone")
    put = s3.put_object(Bucket=bucket, Key="a", Body=b"x", ChecksumAlgorithm=algorithm)
    name = "Checksum" + algorithm
    head = s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert put[name] and put[name] == head[name]
    wrong = {name: base64.b64encode(bytes(len(base64.b64decode(put[name])))).decode()}
    assert error(s3.put_object, Bucket=bucket, Key="a", Body=b"y", **wrong)[::2] == ("BadDigest", 400)
    assert s3.get_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")["Body"].read() == b"x"


def test_an_object_without_a_checksum_gets_one_of_s3(s3, bucket, http, endpoint):
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    status, _, _ = http("PUT", f"{endpoint}/{bucket}/a", service="s3", body=b"x", headers=headers)
    assert status == 200
    head = s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")
    assert head["ChecksumCRC64NVME"] and head["ChecksumType"] == "FULL_OBJECT"


def test_the_digest_of_the_body_is_checked(s3, bucket, error):
    digest = base64.b64encode(hashlib.md5(b"x").digest()).decode()
    s3.put_object(Bucket=bucket, Key="a", Body=b"x", ContentMD5=digest)
    assert error(s3.put_object, Bucket=bucket, Key="b", Body=b"y", ContentMD5=digest)[::2] == ("BadDigest", 400)
    assert error(s3.head_object, Bucket=bucket, Key="b")[2] == 404


def test_listing(s3, bucket):
    for key in ("a/1", "a/2", "b", "c/d/e", "z \u00e9+%"):
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    everything = s3.list_objects_v2(Bucket=bucket)
    assert keys(everything) == ["a/1", "a/2", "b", "c/d/e", "z \u00e9+%"]
    assert everything["KeyCount"] == 5 and not everything["IsTruncated"]
    assert everything["Contents"][0]["Size"] == 3
    assert everything["Contents"][0]["ETag"] == f'"{hashlib.md5(b"a/1").hexdigest()}"'
    folders = s3.list_objects_v2(Bucket=bucket, Delimiter="/")
    assert keys(folders) == ["b", "z \u00e9+%"]
    assert [found["Prefix"] for found in folders["CommonPrefixes"]] == ["a/", "c/"]
    assert keys(s3.list_objects_v2(Bucket=bucket, Prefix="a/", Delimiter="/")) == ["a/1", "a/2"]
    assert keys(s3.list_objects_v2(Bucket=bucket, StartAfter="a/2", Prefix="b")) == ["b"]
    assert keys(s3.list_objects_v2(Bucket=bucket, MaxKeys=0)) == []


def test_pages(s3, bucket, error):
    names = [f"k/{n:02}" for n in range(7)] + ["l/1", "l/2", "m"]
    for key in names:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    for operation in ("list_objects_v2", "list_objects"):
        pages = list(s3.get_paginator(operation).paginate(Bucket=bucket, PaginationConfig={"PageSize": 3}))
        assert [len(page["Contents"]) for page in pages] == [3, 3, 3, 1]
        assert [key for page in pages for key in keys(page)] == names
        folders = s3.get_paginator(operation).paginate(Bucket=bucket, Delimiter="/", PaginationConfig={"PageSize": 1})
        folders = list(folders)
        assert [found["Prefix"] for page in folders for found in page.get("CommonPrefixes", [])] == ["k/", "l/"]
        assert [key for page in folders for key in keys(page)] == ["m"]
    code = error(s3.list_objects_v2, Bucket=bucket, ContinuationToken="?")[::2]
    assert code == ("InvalidArgument", 400)


def test_keys_of_any_character(s3, bucket):
    names = ["a b", "a+b", "a%2Fb", "a//b", "/a", "a/", "\u00e9\u4e2d\U0001f600", "a'\"&<>?#", "x" * 1024]
    for key in names:
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    assert sorted(keys(s3.list_objects_v2(Bucket=bucket))) == sorted(names)
    for key in names:
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()


def test_delete_many(s3, bucket):
    for key in ("a", "b", "c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    deleted = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}, {"Key": "missing"}]})
    assert sorted(found["Key"] for found in deleted["Deleted"]) == ["a", "missing"]
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}], "Quiet": True})
    assert "Deleted" not in quiet and "Errors" not in quiet
    assert keys(s3.list_objects_v2(Bucket=bucket)) == ["c"]


def test_who_has_no_credentials_sees_nothing(s3, bucket, endpoint, http):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    for method, path in (("GET", "/a"), ("PUT", "/b"), ("GET", ""), ("DELETE", "/a")):
        status, text, _ = http(method, f"{endpoint}/{bucket}{path}", signed=False)
        assert status == 403 and "<Code>AccessDenied</Code>" in text
    assert keys(s3.list_objects_v2(Bucket=bucket)) == ["a"]
    assert http("GET", f"{endpoint}/no-such-bucket-here/a", signed=False)[0] == 403


def test_what_is_not_served_is_refused(s3, bucket, error):
    assert error(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})[::2] == (
        "NotImplemented",
        501,
    )
    assert error(s3.put_object_acl, Bucket=bucket, Key="a", ACL="public-read")[0] == "NotImplemented"


def test_a_page_of_a_bucket_is_no_page_of_the_endpoint(s3, bucket):
    s3.put_object(Bucket=bucket, Key="a.html", Body=b"<script>", ContentType="text/html")
    headers = s3.get_object(Bucket=bucket, Key="a.html")["ResponseMetadata"]["HTTPHeaders"]
    assert headers["content-security-policy"] == "sandbox"


def test_copies(s3, bucket, error):
    s3.put_object(Bucket=bucket, Key="a b", Body=b"x", ContentType="text/plain", Metadata={"n": "1"})
    source = {"Bucket": bucket, "Key": "a b"}
    copy = s3.copy_object(Bucket=bucket, Key="c", CopySource=source)
    assert copy["CopyObjectResult"]["ETag"] == f'"{hashlib.md5(b"x").hexdigest()}"'
    head = s3.head_object(Bucket=bucket, Key="c")
    assert (head["ContentType"], head["Metadata"]) == ("text/plain", {"n": "1"})
    s3.copy_object(
        Bucket=bucket, Key="c", CopySource=source, MetadataDirective="REPLACE", ContentType="text/css", Metadata={}
    )
    head = s3.head_object(Bucket=bucket, Key="c")
    assert (head["ContentType"], head["Metadata"]) == ("text/css", {})
    assert error(s3.copy_object, Bucket=bucket, Key="a b", CopySource=source)[::2] == ("InvalidRequest", 400)
    wrong = {"Bucket": bucket, "Key": "missing"}
    assert error(s3.copy_object, Bucket=bucket, Key="d", CopySource=wrong)[::2] == ("NoSuchKey", 404)
    failed = error(s3.copy_object, Bucket=bucket, Key="d", CopySource=source, CopySourceIfMatch='"0"')
    assert failed[::2] == ("PreconditionFailed", 412)
