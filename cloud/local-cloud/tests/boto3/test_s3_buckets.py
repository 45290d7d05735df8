"""S3: the settings of buckets: policies, CORS rules and websites."""

import json
import urllib.parse

import pytest

SHOP = "https://shop.example"


@pytest.fixture(scope="session")
def send(send, endpoint):
    """Send a request to the port of AWS without an SDK. Return (status, body, headers)."""
    return lambda method, path, headers: send(method, endpoint + path, headers=headers)


def test_a_bucket_policy(s3, bucket, error):
    statement = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    assert error(s3.get_bucket_policy, Bucket=bucket)[::2] == ("NoSuchBucketPolicy", 404)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
    public = {"Statement": [{**statement, "Effect": "Allow", "Action": "s3:GetObject"}]}
    assert error(s3.put_bucket_policy, Bucket=bucket, Policy=json.dumps(public))[::2] == ("AccessDenied", 403)
    for broken in ("{", json.dumps({"Statement": [{**statement, "Resource": "arn:aws:s3:::another/*"}]})):
        assert error(s3.put_bucket_policy, Bucket=bucket, Policy=broken)[::2] == ("MalformedPolicy", 400)
    s3.delete_bucket_policy(Bucket=bucket)
    assert error(s3.get_bucket_policy, Bucket=bucket)[0] == "NoSuchBucketPolicy"
    assert error(s3.get_bucket_policy, Bucket="none-" + bucket)[0] == "NoSuchBucket"


@pytest.fixture
def rule():
    return {"AllowedOrigins": [SHOP], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 60}


def test_cors_rules(s3, bucket, error, rule):
    assert error(s3.get_bucket_cors, Bucket=bucket)[::2] == ("NoSuchCORSConfiguration", 404)
    rules = [{"ID": "pages", **rule, "ExposeHeaders": ["ETag"]}, {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == rules
    wrong = {"CORSRules": [{**rule, "AllowedMethods": ["PATCH"]}]}
    assert error(s3.put_bucket_cors, Bucket=bucket, CORSConfiguration=wrong)[::2] == ("InvalidRequest", 400)
    s3.delete_bucket_cors(Bucket=bucket)
    assert error(s3.get_bucket_cors, Bucket=bucket)[0] == "NoSuchCORSConfiguration"


def test_a_preflight(s3, bucket, send, rule):
    asks = {"Origin": SHOP, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    status, body, _ = send("OPTIONS", f"/{bucket}/a", asks)
    assert status == 403 and b"CORS is not enabled for this bucket" in body
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    status, body, headers = send("OPTIONS", f"/{bucket}/a", asks)
    assert (status, body, headers["Access-Control-Allow-Origin"]) == (200, b"", SHOP)
    assert (headers["Access-Control-Allow-Methods"], headers["Access-Control-Allow-Headers"]) == ("GET, PUT", "content-type")
    assert headers["Access-Control-Max-Age"] == "60"
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    url = urllib.parse.urlsplit(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a"}))
    path = f"{url.path}?{url.query}"
    status, body, headers = send("GET", path, {"Origin": SHOP, "Sec-Fetch-Site": "cross-site"})
    assert (status, body, headers["Access-Control-Allow-Origin"]) == (200, b"x", SHOP)
    # Where AWS answers without the headers, the port refuses the page.
    assert send("GET", path, {"Origin": "https://other.example"})[0] == 403


def test_a_website(s3, bucket, send, error):
    assert error(s3.get_bucket_website, Bucket=bucket)[::2] == ("NoSuchWebsiteConfiguration", 404)
    website = {"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "error.html"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=website)
    answer = s3.get_bucket_website(Bucket=bucket)
    assert {name: answer[name] for name in website} == website
    # A new bucket blocks public policies, so everybody gets the page of the error.
    host = {"Host": f"{bucket}.s3-website.localhost:4566"}
    status, body, headers = send("GET", "/", host)
    assert (status, headers["Content-Type"]) == (403, "text/html; charset=utf-8") and b"Code: AccessDenied" in body
    redirect = {"RedirectAllRequestsTo": {"HostName": "example.com"}}
    assert error(s3.put_bucket_website, Bucket=bucket, WebsiteConfiguration=redirect)[::2] == ("NotImplemented", 501)
    s3.delete_bucket_website(Bucket=bucket)
    status, body, _ = send("GET", "/", host)
    assert status == 404 and b"Code: NoSuchWebsiteConfiguration" in body
