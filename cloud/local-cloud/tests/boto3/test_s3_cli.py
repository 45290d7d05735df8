"""S3: the commands of the AWS CLI, unchanged. `.ci/run boto3` installs it and names it in AWS_CLI."""

import os
import subprocess
import urllib.request

import pytest


@pytest.fixture
def aws(endpoint, tmp_path):
    program = os.environ.get("AWS_CLI")
    if not program:
        pytest.skip("AWS_CLI names no AWS CLI")
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "cli",
        "AWS_SECRET_ACCESS_KEY": "cli",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }

    def run(*arguments):
        done = subprocess.run([program, *map(str, arguments)], env=variables, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_cp(aws, bucket, tmp_path):
    big = os.urandom(9 * 1024 * 1024)
    (tmp_path / "big").write_bytes(big)
    aws("s3", "cp", tmp_path / "big", f"s3://{bucket}/b/big")
    aws("s3", "cp", f"s3://{bucket}/b/big", f"s3://{bucket}/copy")
    aws("s3", "cp", f"s3://{bucket}/copy", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == big
    assert f"{len(big)} copy" in aws("s3", "ls", f"s3://{bucket}/")
    assert aws("s3", "rm", f"s3://{bucket}/", "--recursive").count("delete:") == 2


def test_sync(aws, s3, bucket, tmp_path):
    folder, back = tmp_path / "site", tmp_path / "back"
    (folder / "css").mkdir(parents=True)
    (folder / "index.html").write_text("<p>")
    (folder / "css/a b.css").write_text("p {}")
    aws("s3", "sync", folder, f"s3://{bucket}/site")
    assert s3.get_object(Bucket=bucket, Key="site/css/a b.css")["ContentType"] == "text/css"
    # Nothing has changed, so nothing is sent.
    assert "upload" not in aws("s3", "sync", folder, f"s3://{bucket}/site")
    (folder / "index.html").unlink()
    assert "delete" in aws("s3", "sync", folder, f"s3://{bucket}/site", "--delete")
    aws("s3", "sync", f"s3://{bucket}/site", back)
    assert [str(path.relative_to(back)) for path in back.rglob("*.*")] == ["css/a b.css"]


def test_presign(aws, s3, bucket):
    s3.put_object(Bucket=bucket, Key="a", Body=b"x")
    url = aws("s3", "presign", f"s3://{bucket}/a", "--expires-in", "60").strip()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    assert opener.open(url, timeout=30).read() == b"x"


def test_mb_and_rb(aws, s3, name):
    aws("s3", "mb", f"s3://{name}")
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    aws("s3", "rb", f"s3://{name}", "--force")
    assert name not in aws("s3", "ls")
